package mailin

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// A Certificate is a pair of files that is read again when one of them changes, so
// that a renewed certificate needs no restart. A pair that cannot be read leaves the
// last good one in force.
type Certificate struct {
	cert, key string

	mu    sync.Mutex
	pair  *tls.Certificate
	stamp [2]time.Time
	err   error // of the last attempt to read a changed pair
}

// LoadCertificate reads the pair for the first time.
func LoadCertificate(certFile, keyFile string) (*Certificate, error) {
	c := &Certificate{cert: certFile, key: keyFile}
	stamp, err := c.stat()
	if err == nil {
		err = c.load(stamp)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Config is a server's TLS configuration with this certificate, TLS 1.2 at least.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
}

// Err is why a changed pair could not be read; nil when the files are in force.
func (c *Certificate) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *Certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stamp, err := c.stat()
	if err == nil && stamp != c.stamp {
		err = c.load(stamp)
	}
	c.err = err
	return c.pair, nil
}

func (c *Certificate) stat() (stamp [2]time.Time, err error) {
	for i, name := range []string{c.cert, c.key} {
		info, err := os.Stat(name)
		if err != nil {
			return stamp, fmt.Errorf("certificate: %w", err)
		}
		stamp[i] = info.ModTime()
	}
	return stamp, nil
}

func (c *Certificate) load(stamp [2]time.Time) error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("certificate %s with %s: %w", c.cert, c.key, err)
	}
	c.pair, c.stamp = &pair, stamp
	return nil
}
