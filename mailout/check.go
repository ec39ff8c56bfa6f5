package mailout

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"time"
)

// extensions are those that matter to us, as a relay announces them.
var extensions = []string{"8BITMIME", "AUTH", "CHUNKING", "DSN", "ENHANCEDSTATUSCODES", "PIPELINING", "SIZE", "SMTPUTF8", "STARTTLS"}

// Check implements Relay: connect, TLS, hello, login, and goodbye.
func (r *SMTP) Check(ctx context.Context) (Report, error) {
	rep := Report{Name: r.Addr}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	s, err := r.connect(ctx)
	if err != nil {
		return rep, fmt.Errorf("relay %s: %w%s", r.Addr, err, hint(err))
	}
	defer context.AfterFunc(ctx, func() { _ = s.conn.Conn.Close() })()
	rep.Auth = s.auth
	if state, ok := s.client.TLSConnectionState(); ok {
		rep.TLS = describe(state)
	}
	for _, e := range extensions {
		if ok, _ := s.client.Extension(e); ok {
			rep.Offers = append(rep.Offers, e)
		}
	}
	slices.Sort(rep.Offers)
	if n, ok := s.client.MaxMessageSize(); ok {
		rep.Size = int64(n)
	}
	s.quit()
	return rep, nil
}

// describe says what protects a connection.
func describe(s tls.ConnectionState) string {
	d := tls.VersionName(s.Version)
	if len(s.PeerCertificates) > 0 {
		c := s.PeerCertificates[0]
		d += ", certificate of " + first(append(slices.Clone(c.DNSNames), c.Subject.CommonName, "nobody")...) +
			" until " + c.NotAfter.UTC().Format("2006-01-02")
	}
	return d
}

// hint says what an admin can do about an error.
func hint(err error) string {
	var d *dialError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &cert):
		return " (is the certificate's authority known here? Set its file, or the name in the certificate)"
	case !errors.As(err, &d):
		return ""
	case d.phase == phaseTLS:
		return " (a relay without TLS needs tls: none; port 465 needs tls: tls)"
	case d.phase == phaseAuth:
		return " (check login and password)"
	case d.phase == phaseConnect:
		return " (is the address right, and does a firewall let us out?)"
	}
	return ""
}
