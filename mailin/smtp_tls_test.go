package mailin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// testPair is a certificate of our own for one host, as PEM; it ends at end.
func testPair(t testing.TB, host string, end time.Time) (cert, key []byte) {
	t.Helper()
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: end,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &priv.PublicKey, priv)
	if err != nil {
		t.Fatal(err)
	}
	k, err := x509.MarshalECPrivateKey(priv)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: k})
}

var farAway = time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)

// serverTLS is a server's configuration for a host, and the roots that trust it.
func serverTLS(t testing.TB, host string, end time.Time) (*tls.Config, *x509.CertPool) {
	t.Helper()
	cert, key := testPair(t, host, end)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert)
	return &tls.Config{Certificates: []tls.Certificate{pair}}, roots
}

// secured begins TLS on a dialogue that was answered 220 to STARTTLS.
func secured(t testing.TB, k *talk, roots *x509.CertPool) *talk {
	t.Helper()
	c := tls.Client(k.Conn, &tls.Config{ServerName: "mx.example.org", RootCAs: roots})
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	return newTalk(t, c)
}

// IN-S07: what stood in clear behind STARTTLS is forgotten, and so is the dialogue.
func TestIN_S07_StartTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, roots := serverTLS(t, "mx.example.org", farAway)
		d := newDesk(t)
		_, pl := serve(t, d, func(c *ListenerConfig) { c.TLS = cfg })
		k := call(t, pl)
		k.begin("help@example.org")
		k.ask("220 ", "STARTTLS")
		k = secured(t, k, roots)
		k.ask("502 5.5.1 ", "RCPT TO:<help@example.org>")
		if got := k.ask("250 ", "EHLO client.example.net"); strings.Contains(got, "STARTTLS") {
			t.Errorf("offered again: %s", got)
		}
		k.deliver("250 ", letter)
		if !d.last().TLS {
			t.Error("the arrival does not tell of TLS")
		}
		k.send("NOOP " + strings.Repeat("x", 3<<20))
		k.want("421 4.7.0 ") // a line without end, inside TLS
		k.want("")

		k = call(t, pl)
		k.say("STARTTLS\r\nMAIL FROM:<evil@example.net>\r\nRCPT TO:<help@example.org>\r\nDATA")
		k.want("220 ")
		k = secured(t, k, roots)
		k.ask("502 5.5.1 ", "RCPT TO:<help@example.org>")
		if d.count() != 1 {
			t.Errorf("%d messages", d.count())
		}
	})
}

// IN-S16, FLT-54 within TLS: a chunk cut by close_notify is the cut the library does not see.
func TestIN_S16_CutInsideTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, roots := serverTLS(t, "mx.example.org", farAway)
		d := newDesk(t)
		_, pl := serve(t, d, func(c *ListenerConfig) { c.TLS, c.Implicit = cfg, true })
		for _, notify := range []bool{true, false} {
			for cut := range len(letter) {
				k := secured(t, newTalk(t, pl.dial(peerAddr)), roots)
				k.want("220 ")
				k.ask("250 ", "EHLO x")
				k.begin("help@example.org")
				k.say("BDAT %d LAST", len(letter))
				io.WriteString(k.Conn, letter[:cut])
				if notify {
					k.Conn.(*tls.Conn).CloseWrite()
				} else {
					go k.Conn.(*tls.Conn).NetConn().Close()
				}
				if got := k.answer(); strings.HasPrefix(got, "250") {
					t.Fatalf("cut after %d octets (close_notify %v): %q", cut, notify, got)
				}
				k.Close()
				synctest.Wait()
			}
		}
		if d.count() != 0 {
			t.Errorf("stored %q", d.texts())
		}
	})
}

// A renewed certificate is used without a restart; a broken one leaves the old in force.
func TestCertificateReload(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	write := func(cert, key []byte) {
		at = at.Add(time.Second)
		for name, data := range map[string][]byte{certFile: cert, keyFile: key} {
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
			os.Chtimes(name, at, at)
		}
	}
	write(testPair(t, "one.example.org", farAway))
	c, err := LoadCertificate(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	name := func() string {
		pair, err := c.Config().GetCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(pair.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return leaf.Subject.CommonName
	}
	write(testPair(t, "two.example.org", farAway))
	if got := name(); got != "two.example.org" || c.Err() != nil {
		t.Errorf("after the change: %s, %v", got, c.Err())
	}
	write([]byte("half"), []byte("written"))
	if got := name(); got != "two.example.org" || c.Err() == nil {
		t.Errorf("broken files: %s, %v", got, c.Err())
	}
	write(testPair(t, "three.example.org", farAway))
	if got := name(); got != "three.example.org" || c.Err() != nil {
		t.Errorf("mended: %s, %v", got, c.Err())
	}
	if _, err := LoadCertificate(certFile, filepath.Join(dir, "none")); err == nil {
		t.Error("a missing key was no error")
	}
}

// A Unix socket is "local", may log in without TLS, and one whose owner is gone is replaced.
func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lmtp")
	stale, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := listen("unix", path, 0o666); err == nil {
		t.Fatal("a socket in use was taken away")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := listen("unix", file, 0o666); err == nil {
		t.Error("a file that is no socket was replaced")
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	stale.Close()
	d := newDesk(t)
	serve(t, d, func(c *ListenerConfig) {
		c.Socket, c.Network, c.Addr, c.LMTP, c.SocketMode = nil, "unix", path, true, 0o660
		c.Auth = func(string, string) (string, error) { return "bob", nil }
	})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	k := newTalk(t, c)
	k.want("220 ")
	if got := k.ask("250 ", "LHLO x"); !strings.Contains(got, "AUTH PLAIN LOGIN") {
		t.Errorf("no AUTH on a local socket: %s", got)
	}
	k.deliver("250 ", letter)
	if a := d.last(); a.Peer != "local" {
		t.Errorf("peer %q", a.Peer)
	}
}
