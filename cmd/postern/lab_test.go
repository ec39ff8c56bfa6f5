package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// cliRun is what one call of the program did.
type cliRun struct {
	code      int
	out, errs string
}

// postern runs the program in process, with the given standard input.
func postern(t *testing.T, in string, args ...string) cliRun {
	t.Helper()
	var out, errs bytes.Buffer
	w := &world{in: strings.NewReader(in), out: &out, errs: &errs, now: time.Now, env: func(string) string { return "" }}
	code := run(context.Background(), args, w)
	return cliRun{code, out.String(), errs.String()}
}

// write makes a file and the folders above it, mode 0600.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// writeCertificate makes a certificate for localhost and its key.
func writeCertificate(t *testing.T, cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write(t, cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})))
}

// office makes a folder in which everything exists that the example names.
func office(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "secrets", "imap"), "imap password\n")
	write(t, filepath.Join(dir, "secrets", "database"), "database password\n")
	write(t, filepath.Join(dir, "rules", "first.yaml"), "version: 1\nrules: []\n")
	write(t, filepath.Join(dir, "templates", "ack.txt"), "Thank you.\n")
	writeCertificate(t, filepath.Join(dir, "tls", "cert.pem"), filepath.Join(dir, "tls", "key.pem"))
	if err := os.Chmod(filepath.Join(dir, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}
