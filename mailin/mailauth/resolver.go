package mailauth

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"
)

// What one message may cost in look-ups. SPF alone may ask ten names (RFC 7208,
// section 4.6.4) and each host of an MX.
const (
	maxLookups = 60
	lookupTime = 10 * time.Second // all look-ups together
	oneLookup  = 4 * time.Second  // one of them
)

// A Resolver answers what DKIM, SPF and DMARC ask of the DNS; *net.Resolver is
// one. That a name does not exist is a *net.DNSError with IsNotFound; every other error
// counts as temporary.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error)
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

// bounded asks another resolver, so often and so long as one message may. It
// is not safe for concurrent use.
type bounded struct {
	r    Resolver
	left int
}

// ask runs one look-up of name. Names are asked as they are: a resolver's search
// list must not turn a missing key into somebody's wildcard.
func ask[T any](ctx context.Context, b *bounded, name string, look func(context.Context, string) ([]T, error)) ([]T, error) {
	name = strings.TrimSuffix(name, ".")
	if b.r == nil {
		return nil, temporary(name, "no resolver")
	}
	if b.left <= 0 {
		return nil, temporary(name, "too many look-ups for one message")
	}
	b.left--
	ctx, stop := context.WithTimeout(ctx, oneLookup)
	defer stop()
	found, err := look(ctx, name)
	switch {
	case err == nil && len(found) == 0:
		return nil, notFound(name)
	case err == nil || isNotFound(err):
		return found, err
	}
	return nil, temporary(name, reason(err))
}

func (b *bounded) LookupTXT(ctx context.Context, name string) ([]string, error) {
	return ask(ctx, b, name, func(ctx context.Context, n string) ([]string, error) { return b.r.LookupTXT(ctx, n+".") })
}

func (b *bounded) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	return ask(ctx, b, name, func(ctx context.Context, n string) ([]*net.MX, error) { return b.r.LookupMX(ctx, n+".") })
}

func (b *bounded) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	return ask(ctx, b, host, func(ctx context.Context, n string) ([]net.IPAddr, error) { return b.r.LookupIPAddr(ctx, n+".") })
}

func (b *bounded) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	return ask(ctx, b, addr, func(ctx context.Context, a string) ([]string, error) { return b.r.LookupAddr(ctx, a) })
}

func isNotFound(err error) bool {
	var d *net.DNSError
	return errors.As(err, &d) && d.IsNotFound
}

func notFound(name string) error {
	return &net.DNSError{Err: "no such record", Name: name, IsNotFound: true}
}

func temporary(name, why string) error {
	return &net.DNSError{Err: why, Name: name, IsTemporary: true}
}

// reason is the cause of a failed look-up without the addresses of our servers.
func reason(err error) string {
	var d *net.DNSError
	switch {
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &d) && d.IsTimeout:
		return "the DNS did not answer in time"
	case errors.Is(err, context.Canceled):
		return "the look-up was broken off"
	}
	return "the DNS could not be asked"
}
