package maillab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// An Authority is a certificate authority made for this process, with one server
// certificate for localhost, 127.0.0.1, ::1 and *.example.org.
type Authority struct {
	// Pool trusts the authority and nothing else.
	Pool *x509.CertPool
	// File, CertFile and KeyFile are PEM files: the authority's certificate, the
	// server's certificate and its key (readable by everyone: it guards nothing).
	File, CertFile, KeyFile string
	// Certificate is the server's certificate for servers in this process.
	Certificate tls.Certificate
}

var theCA = sync.OnceValues(makeCA)

// CA returns the authority all servers of maillab have their certificate from.
func CA(t testing.TB) *Authority {
	t.Helper()
	ca, err := theCA()
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// ClientConfig trusts the authority only, for a server of the given name.
func (a *Authority) ClientConfig(name string) *tls.Config {
	return &tls.Config{RootCAs: a.Pool, ServerName: name, MinVersion: tls.VersionTLS12}
}

func makeCA() (*Authority, error) {
	dir, err := newDir("ca", nil)
	if err != nil {
		return nil, err
	}
	a := &Authority{
		File:     filepath.Join(dir, "ca.pem"),
		CertFile: filepath.Join(dir, "cert.pem"),
		KeyFile:  filepath.Join(dir, "key.pem"),
	}
	now := time.Now()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "maillab test authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	rootKey, rootDER, err := sign(root, nil, nil)
	if err != nil {
		return nil, err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: root.NotBefore, NotAfter: root.NotAfter,
		DNSNames:    []string{"localhost", "*.example.org"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	leafKey, leafDER, err := sign(leaf, root, rootKey)
	if err != nil {
		return nil, err
	}
	return a, a.write(rootDER, leafDER, leafKey)
}

// sign makes a key and a certificate for it; without a parent it signs itself.
func sign(c, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("making a key: %w", err)
	}
	if parent == nil {
		parent, parentKey = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, parentKey)
	if err != nil {
		return nil, nil, fmt.Errorf("making a certificate: %w", err)
	}
	return key, der, nil
}

func (a *Authority) write(rootDER, leafDER []byte, key *ecdsa.PrivateKey) error {
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("writing the test key: %w", err)
	}
	rootPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER})
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leafDER})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	for file, data := range map[string][]byte{a.File: rootPEM, a.CertFile: certPEM, a.KeyFile: keyPEM} {
		if err := os.WriteFile(file, data, 0o644); err != nil {
			return fmt.Errorf("writing the test authority: %w", err)
		}
	}
	a.Pool = x509.NewCertPool()
	a.Pool.AppendCertsFromPEM(rootPEM)
	a.Certificate, err = tls.X509KeyPair(certPEM, keyPEM)
	return err
}

// ServerConfig is the configuration of a TLS server in this process with the
// authority's certificate.
func ServerConfig(t testing.TB) *tls.Config {
	t.Helper()
	return &tls.Config{Certificates: []tls.Certificate{CA(t).Certificate}, MinVersion: tls.VersionTLS12}
}
