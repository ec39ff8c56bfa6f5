package maillab_test

import (
	"database/sql"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"postern/cmd/maillab"
)

// echo starts a server that sends everything back.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); _, _ = io.Copy(c, c) }()
		}
	}()
	return l.Addr().String()
}

// talk sends text through the proxy and reads until n octets or an error came.
func talk(t *testing.T, p *maillab.Proxy, text string) (string, error) {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		return "", err
	}
	got := make([]byte, len(text))
	n, err := io.ReadFull(c, got)
	return string(got[:n]), err
}

func TestProxy_cuts(t *testing.T) {
	const text = "one two three"
	timeout := func(err error) bool { var n net.Error; return errors.As(err, &n) && n.Timeout() }
	fin := func(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
	rst := func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }
	for _, c := range []struct {
		name  string
		fault maillab.Fault
		got   string
		end   func(error) bool
	}{
		{"nothing", maillab.Fault{}, text, func(err error) bool { return err == nil }},
		{"FIN after 3 to the client", maillab.Fault{Dir: maillab.ToClient, After: 3}, "one", fin},
		{"RST after 3 to the server", maillab.Fault{Dir: maillab.ToServer, After: 3, Cut: maillab.RST}, "", rst},
		{"blackhole after 3 to the client", maillab.Fault{Dir: maillab.ToClient, After: 3, Cut: maillab.Blackhole}, "one", timeout},
		{"pattern withheld", maillab.Fault{Dir: maillab.ToClient, Pattern: []byte("two")}, "one ", fin},
		{"pattern passed", maillab.Fault{Dir: maillab.ToClient, Pattern: []byte("two"), Pass: true}, "one two", fin},
		{"the earlier of two", maillab.Fault{Dir: maillab.ToClient, Pattern: []byte("two"), After: 2}, "on", fin},
		{"another pattern", maillab.Fault{Dir: maillab.ToClient, Pattern: []byte("four")}, text, func(err error) bool { return err == nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := maillab.StartProxy(t, echo(t))
			p.Set(c.fault)
			got, err := talk(t, p, text)
			// What the server has got before a cut it may still have sent back.
			if c.fault.Dir == maillab.ToServer && got != "" && got == text[:min(len(text), int(c.fault.After))] {
				got = ""
			}
			if got != c.got || !c.end(err) {
				t.Errorf("got %q and %v, want %q", got, err, c.got)
			}
		})
	}
}

func TestProxy_cuts_so_many_times(t *testing.T) {
	p := maillab.StartProxy(t, echo(t))
	p.Set(maillab.Fault{Dir: maillab.ToClient, After: 1, Times: 2})
	for i, want := range []string{"h", "h", "hello"} {
		if got, _ := talk(t, p, "hello"); got != want {
			t.Errorf("connection %d: got %q, want %q", i, got, want)
		}
	}
	if p.Cuts() != 2 {
		t.Errorf("%d cuts, want 2", p.Cuts())
	}
}

// A pattern is seen although its octets come in two packets.
func TestProxy_sees_a_pattern_across_packets(t *testing.T) {
	p := maillab.StartProxy(t, echo(t))
	p.Set(maillab.Fault{Dir: maillab.ToServer, Pattern: []byte("COMMIT"), Pass: true})
	c, err := net.Dial("tcp", p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(soon))
	for _, part := range []string{"COM", "MIT"} {
		io.WriteString(c, part)
		io.ReadFull(c, make([]byte, 3))
	}
	if n, err := c.Read(make([]byte, 1)); err == nil || p.Cuts() != 1 {
		t.Errorf("read %d, %v after %d cuts", n, err, p.Cuts())
	}
}

func TestProxy_slows(t *testing.T) {
	p := maillab.StartProxy(t, echo(t))
	p.Set(maillab.Fault{Dir: maillab.ToClient, Rate: 1000})
	begun := time.Now()
	if got, err := talk(t, p, strings.Repeat("x", 200)); err != nil {
		t.Fatalf("%d octets, %v", len(got), err)
	}
	if took := time.Since(begun); took < 150*time.Millisecond {
		t.Errorf("200 octets at 1000 a second took %v", took)
	}
}

func TestProxy_refuses_and_cuts_all(t *testing.T) {
	p := maillab.StartProxy(t, echo(t))
	c, err := net.Dial("tcp", p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "x")
	io.ReadFull(c, make([]byte, 1))
	p.CutAll(maillab.RST)
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("an open connection ended with %v, want a reset", err)
	}
	p.Refuse(true)
	if got, err := talk(t, p, "x"); err == nil {
		t.Errorf("a refusing proxy answered %q", got)
	}
	p.Refuse(false)
	if _, err := talk(t, p, "x"); err != nil {
		t.Errorf("after the refusal: %v", err)
	}
}

// The use it was made for: the answer to COMMIT is lost, the row is there.
func TestProxy_loses_the_answer_to_COMMIT(t *testing.T) {
	pg := maillab.SharedPostgres(t)
	url := pg.NewDatabase(t)
	query(t, url, `CREATE TABLE shelf (thing text); SELECT 'done'`)
	p := maillab.StartProxy(t, pg.Addr)
	db, err := sql.Open("postgres", strings.Replace(url, pg.Addr, p.Addr, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`INSERT INTO shelf VALUES ('book')`); err != nil {
		t.Fatal(err)
	}
	p.Set(maillab.Fault{Dir: maillab.ToClient, Pattern: []byte("COMMIT\x00"), Times: 1})
	if err := tx.Commit(); err == nil {
		t.Error("the client heard the answer")
	}
	if got := query(t, url, `SELECT thing FROM shelf`); got != "book" {
		t.Errorf("got %q", got)
	}
}
