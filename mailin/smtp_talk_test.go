package mailin

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"postern/tickets"
)

// pipeListener hands out in-memory connections, for tests in a synctest bubble.
type pipeListener struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 25} }

// from is the server's end of a pipe, which comes from an address.
type from struct {
	net.Conn
	addr string
}

func (f from) RemoteAddr() net.Addr {
	a, err := net.ResolveTCPAddr("tcp", f.addr)
	if err != nil {
		return f.Conn.RemoteAddr()
	}
	return a
}

// dial connects to the listener from an address.
func (l *pipeListener) dial(addr string) net.Conn {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- from{theirs, addr}:
	case <-l.done:
		ours.Close()
	}
	return ours
}

const peerAddr = "198.51.100.7:4711"

// serve starts a listener on pipes; it is shut down at the end of the test.
func serve(t testing.TB, d *fakeDesk, change func(*ListenerConfig)) (*Listener, *pipeListener) {
	t.Helper()
	pl := newPipeListener()
	cfg := ListenerConfig{
		Name: "mx", Socket: pl, Role: tickets.RoleMX, Hostname: "mx.example.org", Queue: "it",
		Spool: testSpool(t), Accept: d.Accept, Now: d.Now, Log: testLog(t),
		Recipient: func(addr string) (bool, error) {
			_, domain := splitAddress(strings.ToLower(addr))
			if domain != "example.org" {
				return false, ErrForeign
			}
			return !strings.HasPrefix(addr, "nobody@"), nil
		},
	}
	if change != nil {
		change(&cfg)
	}
	l, err := NewListener(cfg)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- l.Serve(context.Background()) }()
	t.Cleanup(func() {
		if err := l.Shutdown(context.Background()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return l, pl
}

// talk is a client's side of a dialogue.
type talk struct {
	t testing.TB
	net.Conn
	r *bufio.Reader
}

func newTalk(t testing.TB, c net.Conn) *talk {
	t.Helper()
	t.Cleanup(func() { c.Close() })
	k := &talk{t, c, bufio.NewReader(c)}
	return k
}

// call connects and says EHLO.
func call(t testing.TB, pl *pipeListener) *talk {
	t.Helper()
	k := newTalk(t, pl.dial(peerAddr))
	k.want("220 ")
	k.say("EHLO client.example.net")
	k.want("250 ")
	return k
}

// send writes octets without waiting for them to be read.
func (k *talk) send(s string) {
	go io.WriteString(k.Conn, s)
}

func (k *talk) say(format string, v ...any) {
	k.t.Helper()
	if _, err := fmt.Fprintf(k.Conn, format+"\r\n", v...); err != nil {
		k.t.Logf("say: %v", err)
	}
}

// answer reads one whole answer; its lines joined with |. "" is a hang-up.
func (k *talk) answer() string {
	var lines []string
	for {
		line, err := k.r.ReadString('\n')
		if err != nil {
			return strings.Join(lines, "|")
		}
		line = strings.TrimRight(line, "\r\n")
		lines = append(lines, line)
		if len(line) < 4 || line[3] != '-' {
			return strings.Join(lines, "|")
		}
	}
}

// want checks the start of the last line of the next answer.
func (k *talk) want(prefix string) string {
	k.t.Helper()
	got := k.answer()
	last := got[strings.LastIndexByte(got, '|')+1:]
	if !strings.HasPrefix(last, prefix) || prefix == "" && got != "" {
		k.t.Fatalf("answer %q, want %q", got, prefix)
	}
	return got
}

func (k *talk) ask(want, format string, v ...any) string {
	k.t.Helper()
	k.say(format, v...)
	return k.want(want)
}

// begin gives an envelope.
func (k *talk) begin(to ...string) {
	k.t.Helper()
	k.ask("250 ", "MAIL FROM:<ann@example.net>")
	for _, addr := range to {
		k.ask("250 ", "RCPT TO:<%s>", addr)
	}
}

// deliver sends one message whose octets end with CRLF and need no dots.
func (k *talk) deliver(want, message string) string {
	k.t.Helper()
	k.begin("help@example.org")
	k.ask("354 ", "DATA")
	k.send(message + ".\r\n")
	return k.want(want)
}

const letter = "From: ann@example.net\r\nMessage-ID: <1@example.net>\r\nSubject: Printer\r\n\r\nIt burns.\r\n"
