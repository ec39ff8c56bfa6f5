package mailin

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postern/tickets"
)

// A message answered 250 is at the desk, with everything the wire knew of it.
func TestMessageAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		_, pl := serve(t, d, nil)
		k := call(t, pl)
		k.deliver("250 ", letter)
		k.ask("221 ", "QUIT")
		a := d.last()
		if d.bodies[a.Key] != letter {
			t.Errorf("stored %q", d.bodies[a.Key])
		}
		if a.Via != tickets.ViaSMTP || a.Role != tickets.RoleMX || a.Source != "mx" || a.Peer != "198.51.100.7" ||
			a.Helo != "client.example.net" || *a.From != "ann@example.net" || a.To[0] != "help@example.org" ||
			a.Queue != "it" || a.KeyFor != 0 || a.At != d.now || a.TLS || a.TrustedPeer {
			t.Errorf("arrival %+v", a)
		}
	})
}

// Without a Message-ID the key holds for a retry only; with the same octets from the
// same peer for the same people it is the same, otherwise another.
func TestArrivalKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		_, pl := serve(t, d, nil)
		k := call(t, pl)
		bare := "Subject: disk full\r\n\r\nsda1\r\n"
		k.deliver("250 ", bare)
		if a := d.last(); a.KeyFor != 10*time.Minute {
			t.Errorf("KeyFor %v", a.KeyFor)
		}
		k.deliver("250 ", bare)
		if d.count() != 1 {
			t.Errorf("a retry made %d arrivals", d.count())
		}
		k.deliver("250 ", bare+"x\r\n")
		k.begin("help@example.org", "other@example.org")
		k.ask("354 ", "DATA")
		k.send(bare + ".\r\n")
		k.want("250 ")
		if d.count() != 3 {
			t.Errorf("%d arrivals, want 3", d.count())
		}
		k.deliver("250 ", "Message-ID:\r\n <folded@example.net>\r\n\r\n")
		if a := d.last(); a.KeyFor != 0 {
			t.Errorf("a folded Message-ID was not seen")
		}
		k.deliver("250 ", "Message-ID: \r\nSubject: none\r\n\r\nMessage-ID: <body@example.net>\r\n")
		if a := d.last(); a.KeyFor == 0 {
			t.Errorf("an empty Message-ID, or one in the body, was taken for one")
		}
	})
}

// INV-A3: only what can never be accepted is 5yz; the rest is ours, and its text stays here.
func TestINV_A2_A3_NoPromiseWithoutAccept(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"database":  {errors.New("pq: password authentication failed for user postern"), "451 4.3.0 "},
		"timeout":   {context.DeadlineExceeded, "451 4.3.0 "},
		"wrapped":   {fmt.Errorf("accept: %w", errors.New("x")), "451 4.3.0 "},
		"unknown":   {tickets.ErrUnknown, "451 4.3.0 "},
		"full":      {fmt.Errorf("insert: %w", ErrNoSpace), "452 4.3.1 "},
		"typed nil": {fmt.Errorf("rules: %w", (*Refusal)(nil)), "451 4.3.0 "},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t)
			_, pl := serve(t, d, nil)
			k := call(t, pl)
			d.fail = func(tickets.Arrival) error { return c.err }
			if got := k.deliver(c.want, letter); strings.Contains(got, "password") {
				t.Errorf("%s: told the stranger %q", name, got)
			}
			d.fail = nil
			k.deliver("250 ", letter) // and the dialogue goes on
			if d.count() != 1 {
				t.Errorf("%s: %d arrivals", name, d.count())
			}
		})
	}
}

// A panic in the desk is 451, and the process lives.
func TestPanicIsOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		_, pl := serve(t, d, nil)
		k := call(t, pl)
		d.fail = func(tickets.Arrival) error { d.mu.Unlock(); defer d.mu.Lock(); panic("index out of range") }
		k.deliver("451 4.3.0 ", letter)
		d.fail = nil
		k.deliver("250 ", letter)
	})
}

// The context of Accept outlives the connection: a client that hangs up aborts nothing.
func TestAcceptContextIsCutLoose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		go_, seen := make(chan struct{}), make(chan error, 1)
		_, pl := serve(t, d, func(c *ListenerConfig) {
			c.Accept = func(ctx context.Context, _ tickets.Arrival, _ tickets.Raw) error {
				<-go_
				seen <- ctx.Err()
				return nil
			}
		})
		k := call(t, pl)
		k.begin("help@example.org")
		k.ask("354 ", "DATA")
		k.send(letter + ".\r\n")
		synctest.Wait()
		k.Close()
		close(go_)
		if err := <-seen; err != nil {
			t.Errorf("context: %v", err)
		}
	})
}

// The rules' word at the door comes before Accept; their failure accepts.
func TestEnvelopeRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		var saw Dialogue
		var answer error
		_, pl := serve(t, d, func(c *ListenerConfig) {
			c.Envelope = func(w Dialogue) error { saw = w; return answer }
		})
		k := call(t, pl)
		answer = fmt.Errorf("rule 3: %w", &Refusal{554, [3]int{5, 7, 1}, "Not\r\nwanted here"})
		k.deliver("554 5.7.1 Not??wanted here", letter)
		if d.count() != 0 {
			t.Error("a refused message was stored")
		}
		if saw.From != "ann@example.net" || saw.To[0] != "help@example.org" || saw.Size != int64(len(letter)) ||
			!strings.HasSuffix(string(saw.Header), "Subject: Printer\r\n\r\n") || saw.Peer.Address != "198.51.100.7" {
			t.Errorf("the rules saw %+v", saw)
		}
		answer = errors.New("rule 4: no such field")
		k.deliver("250 ", letter)
	})
}

// INV-H2: without room for one and a half of the largest message MAIL is put off,
// and it resumes by itself.
func TestINV_H2_FreeSpace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free, freeErr := uint64(1499), error(nil)
		_, pl := serve(t, newDesk(t), func(c *ListenerConfig) {
			c.MaxSize = 1000
			c.Free = func() (uint64, error) { return free, freeErr }
		})
		k := call(t, pl)
		k.ask("452 4.3.1 ", "MAIL FROM:<ann@example.net>")
		free = 1500
		k.deliver("250 ", letter)
		freeErr = errors.New("unsupported")
		k.deliver("250 ", letter)
	})
}

// FLT-31: a spool that cannot be written puts the message off, whichever way it comes,
// and the dialogue stays in step.
func TestFLT_31_SpoolBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		l, pl := serve(t, d, nil)
		k := call(t, pl)
		good := l.Spool
		l.Spool = &SpoolDir{path: "/nonexistent"}
		k.deliver("452 4.3.1 ", letter)
		k.begin("help@example.org")
		k.say("BDAT %d LAST", 300<<10)
		k.send(strings.Repeat("x", 300<<10))
		k.want("452 4.3.1 ")
		l.Spool = good
		k.deliver("250 ", letter)
	})
}

func TestListenerConfigRefused(t *testing.T) {
	some := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	for name, change := range map[string]func(*ListenerConfig){
		"trusted on mx":   func(c *ListenerConfig) { c.Trusted = some },
		"trusted on mta":  func(c *ListenerConfig) { c.Role, c.Trusted = tickets.RoleMTA, some },
		"trusted on unix": func(c *ListenerConfig) { c.Role, c.Network, c.Trusted = tickets.RoleSubmission, "unix", some },
		"no role":         func(c *ListenerConfig) { c.Role = "" },
		"mailbox role":    func(c *ListenerConfig) { c.Role = tickets.RoleMailbox },
		"no accept":       func(c *ListenerConfig) { c.Accept = nil },
		"implicit":        func(c *ListenerConfig) { c.Implicit = true },
		"network":         func(c *ListenerConfig) { c.Network = "udp" },
		"address":         func(c *ListenerConfig) { c.Addr = "no such:port" },
	} {
		d := newDesk(t)
		cfg := ListenerConfig{Name: "x", Addr: "127.0.0.1:0", Role: tickets.RoleMX, Spool: testSpool(t), Accept: d.Accept, Now: d.Now}
		change(&cfg)
		if l, err := NewListener(cfg); err == nil {
			l.socket.Close()
			t.Errorf("%s: was allowed", name)
		}
	}
}

// A trusted network counts on a submission listener; the others must log in there.
func TestTrustedPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		_, pl := serve(t, d, func(c *ListenerConfig) {
			c.Role = tickets.RoleSubmission
			c.Trusted = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
			c.Auth = func(string, string) (string, error) { return "", ErrAuth }
		})
		call(t, pl).deliver("250 ", letter)
		if !d.last().TrustedPeer {
			t.Error("the trusted peer is not marked")
		}
		k := newTalk(t, pl.dial("203.0.113.9:1"))
		k.want("220 ")
		k.ask("250 ", "EHLO x")
		k.ask("530 5.7.0 ", "MAIL FROM:<ann@example.net>")
		k = newTalk(t, pl.dial("[::ffff:198.51.100.9]:1"))
		k.want("220 ")
		k.ask("250 ", "EHLO x")
		k.ask("250 ", "MAIL FROM:<ann@example.net>")
	})
}
