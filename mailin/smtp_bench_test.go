package mailin

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"testing"

	"postern/tickets"
)

// BenchmarkListener takes messages of 10 KiB over one TCP connection, with a desk that
// costs nothing.
func BenchmarkListener(b *testing.B) {
	d := newDesk(b)
	l, err := NewListener(ListenerConfig{
		Name: "mx", Addr: "127.0.0.1:0", Role: tickets.RoleMX, Spool: testSpool(b), Now: d.Now,
		Accept: func(context.Context, tickets.Arrival, tickets.Raw) error { return nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	go l.Serve(b.Context())
	defer l.Shutdown(context.Background())
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	k := newTalk(b, c)
	k.want("220 ")
	k.ask("250 ", "EHLO x")
	body := fmt.Sprintf("%010240d\r\n.\r\n", 1)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		k.begin("help@example.org")
		k.ask("354 ", "DATA")
		io.WriteString(c, body)
		k.want("250 ")
	}
}

// BenchmarkLargeMessage takes one of 30 MiB; B/op shows that it is never in memory.
func BenchmarkLargeMessage(b *testing.B) {
	d := newDesk(b)
	s := &session{l: &Listener{ListenerConfig: ListenerConfig{Spool: testSpool(b), MaxSize: 64 << 20, Now: d.Now,
		Log: testLogNone, Accept: func(context.Context, tickets.Arrival, tickets.Raw) error { return nil }}, context: context.Background()},
		conn: &conn{}, log: testLogNone}
	b.SetBytes(30 << 20)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.receive(envelope{}, io.LimitReader(endless{}, 30<<20)); err != nil {
			b.Fatal(err)
		}
	}
}

var testLogNone = slog.New(slog.DiscardHandler)

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
		if i%80 == 79 {
			p[i] = '\n'
		}
	}
	return len(p), nil
}
