package mailout

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"postern/tickets"
)

// A backend is a real server that keeps what it is given.
type backend struct {
	mu    sync.Mutex
	mails []string
	users []string
}

func (b *backend) NewSession(*smtp.Conn) (smtp.Session, error) { return &backendSession{b}, nil }

type backendSession struct{ b *backend }

func (s *backendSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *backendSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "hunter22" {
			return smtp.ErrAuthFailed
		}
		s.b.mu.Lock()
		defer s.b.mu.Unlock()
		s.b.users = append(s.b.users, user)
		return nil
	}), nil
}

func (s *backendSession) Mail(string, *smtp.MailOptions) error { return nil }
func (s *backendSession) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s *backendSession) Reset()                               {}
func (s *backendSession) Logout() error                        { return nil }

func (s *backendSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	s.b.mails = append(s.b.mails, string(raw))
	return err
}

// certificate is one for relay.test, and the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "relay.test"}, DNSNames: []string{"relay.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(c)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// server starts a real server on loopback; implicit wraps it in TLS at once.
func server(t *testing.T, implicit bool) (*backend, *SMTP) {
	t.Helper()
	cert, pool := certificate(t)
	conf := &tls.Config{Certificates: []tls.Certificate{cert}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{}
	s := smtp.NewServer(b)
	s.Domain, s.MaxMessageBytes, s.TLSConfig = "relay.test", 1<<20, conf
	r := &SMTP{Addr: l.Addr().String(), ServerName: "relay.test", Roots: pool, Hostname: "postern.test", Login: "bob",
		Password: func(context.Context) (string, error) { return "hunter22", nil }}
	if implicit {
		l, s.TLSConfig, r.TLS = tls.NewListener(l, conf), nil, TLSImplicit
	}
	done := make(chan struct{})
	go func() { _ = s.Serve(l); close(done) }()
	t.Cleanup(func() { r.Close(); _ = s.Close(); <-done })
	return b, r
}

// INV-C9: TLS is verified, the login goes through it, and what arrives is octet
// for octet what was composed, dots at the beginning of lines included.
func TestOverTLS(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		b, r := server(t, implicit)
		d := draft("reply", tickets.MailReply)
		text := ".\n..\n.hidden\n\nFrom here\n" + strings.Repeat("ü", 500)
		d.Entry = &tickets.Entry{Kind: tickets.EntryReply, Text: text, End: len(text)}
		d.Parts = []tickets.AttachedPart{{Arrival: 1, Part: tickets.Part{Filename: "a", Size: 100_000}}}
		c, err := (&Composer{}).Compose(d)
		if err != nil {
			t.Fatal(err)
		}
		o := letterTo(t, "ann@example.net")
		o.Content = c
		open := func(_ int64, p tickets.Part) (io.ReadCloser, error) {
			return io.NopCloser(io.LimitReader(pattern{}, p.Size)), nil
		}
		for range 2 {
			if a := r.Deliver(t.Context(), o, open); a.Kind != tickets.VerdictSent {
				t.Fatalf("implicit %v: %+v", implicit, a)
			}
		}
		want := string(octets(t, c))
		if len(b.mails) != 2 || b.mails[0] != want || b.mails[1] != want || len(b.users) != 1 {
			t.Errorf("implicit %v: %d mails, %d logins", implicit, len(b.mails), len(b.users))
		}
	}
}

// INV-C9: a certificate of another name, of an unknown authority, a server that
// offers no TLS: nothing is sent, the mail waits, and check says what to do.
func TestBadTLS(t *testing.T) {
	for name, spoil := range map[string]func(*SMTP){
		"other name":        func(r *SMTP) { r.ServerName = "other.test" },
		"unknown authority": func(r *SMTP) { r.Roots = x509.NewCertPool() },
		"wrong mode":        func(r *SMTP) { r.TLS = TLSImplicit },
		"wrong password":    func(r *SMTP) { r.Password = func(context.Context) (string, error) { return "hunter23", nil } },
		"no password":       func(r *SMTP) { r.Password = nil },
		"nobody there":      func(r *SMTP) { r.Addr = "127.0.0.1:1" },
	} {
		b, r := server(t, false)
		r.Timeouts.Command = 2 * time.Second
		spoil(r)
		if a := r.Deliver(t.Context(), letterTo(t, "ann@example.net"), noParts); a.Kind != tickets.VerdictLater {
			t.Errorf("%s: %+v", name, a)
		}
		_, err := r.Check(t.Context())
		if err == nil || !strings.Contains(err.Error(), "(") || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: check says %v", name, err)
		}
		if len(b.mails) != 0 {
			t.Errorf("%s: a mail went out", name)
		}
	}
}

// Check reports what protects the connection and what the relay offers.
func TestCheck(t *testing.T) {
	_, r := server(t, false)
	rep, err := r.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if rep.Auth != "PLAIN" || rep.Size != 1<<20 || !strings.Contains(rep.TLS, "certificate of relay.test until 20") ||
		!strings.Contains(strings.Join(rep.Offers, " "), "PIPELINING") {
		t.Errorf("%+v", rep)
	}
}

// A claim is leased for longer than any attempt may take.
func TestLeaseOutlivesAttempt(t *testing.T) {
	r := &SMTP{}
	c := &Courier{Relays: func(string) (Relay, bool) { return r, true }}
	c.init()
	if c.lease() <= r.Longest() || r.Longest() < 10*time.Minute {
		t.Errorf("lease %v, attempt %v", c.lease(), r.Longest())
	}
}
