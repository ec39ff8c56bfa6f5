package mailin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postern/tickets"
)

// bubble runs f with a desk and a server that misbehaves.
func bubble(t *testing.T, f func(*testing.T, *fakeDesk, *fakeIMAP)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		f(t, d, newFakeIMAP(t, d))
	})
}

// runFor lets a poller of everything in the mailbox run for a while.
func runFor(t *testing.T, f *fakeIMAP, long time.Duration, change func(*PollerConfig)) *Poller {
	t.Helper()
	p := newPoller(t, f.d, f.dial, func(c *PollerConfig) {
		c.ImportAll = true
		if change != nil {
			change(c)
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), long)
	defer cancel()
	p.Run(ctx)
	synctest.Wait()
	return p
}

// pass lets the bubble's clock run.
func pass(d time.Duration) {
	wait(context.Background(), d)
	synctest.Wait()
}

func mailN(n int) string {
	return fmt.Sprintf("Message-ID: <%d@example.net>\r\nSubject: %d\r\n\r\n%s\r\n", n, n, strings.Repeat("x", n*10))
}

// accepted checks that exactly these messages came, each once.
func accepted(t *testing.T, d *fakeDesk, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := d.texts(); !slices.Equal(got, want) {
		t.Errorf("accepted %.300q, want %.300q", got, want)
	}
}

func state(d *fakeDesk, validity, uid uint32) tickets.UIDState {
	s, _ := d.booked(tickets.Cursor{Account: "help", Mailbox: "INBOX", UIDValidity: validity, UID: uid})
	return s
}

// lawful checks INV-A4 in the journal: no message is touched before it was accepted,
// and nothing is ever expunged, marked or fetched but by its UID.
func lawful(t *testing.T, d *fakeDesk) {
	t.Helper()
	safe := map[string]bool{}
	for _, step := range d.journal {
		part := strings.Fields(step)
		switch {
		case part[0] == "ACCEPT":
			safe[part[1]] = true
		case slices.Contains([]string{"EXPUNGE", "CLOSE", "STORE", "FETCH", "COPY", "MOVE", "SEARCH"}, part[0]):
			t.Errorf("a command by sequence number or without bounds: %s", step)
		case len(part) > 2 && part[0] == "UID" && slices.Contains([]string{"MOVE", "COPY", "STORE", "EXPUNGE"}, part[1]) && !safe[part[2]]:
			t.Errorf("touched before it was accepted: %s", step)
		}
	}
}

// FLT-34: a session cut at every octet loses nothing, doubles nothing, and touches
// nothing that is not safe.
func TestFLT_34_CutAtEveryOctet(t *testing.T) {
	for n, whole := 1, false; !whole; n++ {
		bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
			f.add(mailN(1))
			f.add(mailN(2))
			f.cut[1] = n
			runFor(t, f, 10*time.Minute, func(c *PollerConfig) { c.Done = "Done" })
			accepted(t, d, mailN(1), mailN(2))
			lawful(t, d)
			f.mu.Lock()
			defer f.mu.Unlock()
			whole = f.conns == 1
			if n > 5000 {
				t.Fatal("the session has no end")
			}
		})
		if t.Failed() {
			t.Fatalf("cut after %d octets", n)
		}
	}
}

// FLT-35: a literal that ends early is not stored as whole, and fetched again.
func TestFLT_35_CutLiteral(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		big := "Subject: big\r\n\r\n" + strings.Repeat("y", 1<<20)
		f.add(big)
		once := true
		f.hook = func(c *fakeConn, cmd string) bool {
			if strings.Contains(cmd, "BODY.PEEK") && once {
				once = false
				c.write("* 1 FETCH (UID 1 BODY[] {%d}\r\n%s", len(big), big[:300<<10])
				c.Conn.Close()
				return true
			}
			return false
		}
		runFor(t, f, time.Minute, nil)
		accepted(t, d, big)
	})
}

// FLT-36: a server that hangs, at any command, is given up within two minutes (in IDLE
// two minutes after we should have heard), and nothing is lost.
func TestFLT_36_Hang(t *testing.T) {
	for _, at := range []string{"CAPABILITY", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH 1 (UID BODY", "UID FETCH 1", "IDLE", "DONE"} {
		bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
			f.add(mailN(1))
			var took time.Duration
			f.hook = func(c *fakeConn, cmd string) bool {
				idling := at == "DONE" && cmd == "IDLE"
				if took != 0 || !strings.HasPrefix(cmd, at) && !idling {
					return false
				}
				if idling {
					c.write("+ idling\r\n")
				}
				begin := time.Now()
				for _, err := c.r.ReadByte(); err == nil; _, err = c.r.ReadByte() {
				}
				took = time.Since(begin)
				return true
			}
			runFor(t, f, 10*time.Minute, nil)
			accepted(t, d, mailN(1))
			most := 2 * time.Minute
			if at == "DONE" {
				most += 2 * time.Minute // the interval
			}
			if took == 0 || took > most {
				t.Errorf("%s: given up after %v", at, took)
			}
		})
	}
}

// FLT-42: a server that asks for patience at any command gets it, and nothing is lost.
func TestFLT_42_Throttled(t *testing.T) {
	for _, at := range []string{"LOGIN", "EXAMINE", "SELECT", "UID SEARCH", "UID FETCH 1 (UID BODY", "UID FETCH 2 (UID", "UID MOVE", "IDLE"} {
		for _, word := range []string{"NO [OVERQUOTA]", "NO [THROTTLED]", "NO [UNAVAILABLE]", "BYE", "BAD"} {
			bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
				f.add(mailN(1))
				f.add(mailN(2))
				begin := time.Now()
				f.hook = func(c *fakeConn, cmd string) bool {
					if time.Since(begin) > time.Hour || !strings.HasPrefix(cmd, at) {
						return false
					}
					if word == "BYE" {
						c.write("* BYE enough\r\n")
						c.Conn.Close()
						return true
					}
					c.write("%s %s enough\r\n", c.tag, word)
					return true
				}
				runFor(t, f, 3*time.Hour, func(c *PollerConfig) {
					c.Log = nil
					if at != "EXAMINE" {
						c.Done = "Done"
					}
				})
				if got := d.texts(); len(got) != 2 {
					t.Errorf("%s %s: accepted %q", at, word, got)
				}
				if f.conns > 12*3+20 {
					t.Errorf("%s %s: %d connections", at, word, f.conns)
				}
				lawful(t, d)
			})
		}
	}
}

// FLT-43, INV-H4: a refused login is tried twelve times an hour at most, health names the
// mailbox, the password is told nobody, and a new one is read when it is there.
func TestFLT_43_AuthFails(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1))
		f.password = "changed"
		secret := "oldsecret"
		p := newPoller(t, d, f.dial, func(c *PollerConfig) {
			c.ImportAll = true
			c.Password = func() (string, error) {
				f.mu.Lock()
				defer f.mu.Unlock()
				return secret, nil
			}
		})
		running(t, p)
		pass(time.Hour - time.Second)
		f.mu.Lock()
		logins := f.logins
		f.mu.Unlock()
		if logins > 12 || logins < 10 {
			t.Errorf("%d logins in an hour", logins)
		}
		s := p.Status()
		if s.Account != "help" || s.FailedAt.IsZero() || !strings.Contains(s.LastErr, "login refused") || strings.Contains(s.LastErr, "oldsecret") {
			t.Errorf("status %+v", s)
		}
		f.set(func() { secret = "changed" })
		pass(6 * time.Minute)
		accepted(t, d, mailN(1))
		if s := p.Status(); s.LastErr != "" || !s.FailedAt.IsZero() {
			t.Errorf("status %+v", s)
		}
	})
}

// FLT-44: a mailbox with more than one listing's messages is read to its end, and goes on
// where it was when the process was killed.
func TestFLT_44_ManyMails(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		const many = maxListed + 500
		for n := range many {
			f.add(fmt.Sprintf("Subject: %d\r\n\r\n", n))
		}
		quiet := func(c *PollerConfig) { c.Log = nil }
		ctx, cancel := context.WithCancel(context.Background())
		d.fail = func(a tickets.Arrival) error {
			if a.Cursor.UID == many/2 {
				cancel()
				return context.Canceled
			}
			return nil
		}
		newPoller(t, d, f.dial, func(c *PollerConfig) { quiet(c); c.ImportAll = true }).Run(ctx)
		if got := d.count(); got != many/2-1 {
			t.Fatalf("%d before the kill", got)
		}
		d.fail = nil
		runFor(t, f, time.Minute, quiet)
		if d.count() != many || d.shown != many+1 {
			t.Errorf("%d arrivals, shown %d", d.count(), d.shown)
		}
	})
}

// FLT-45: of a message too large the beginning comes, with a reason; also when the
// server lies about its size. The others flow.
func TestFLT_45_TooLarge(t *testing.T) {
	for name, size := range map[string]int64{"honest": 500 << 20, "lies": 10} {
		bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
			huge := "Subject: huge\r\n\r\n" + strings.Repeat("z", 3<<20)
			f.add(huge).size = size
			f.add(mailN(2))
			f.hook = func(c *fakeConn, cmd string) bool {
				if cmd == "UID FETCH 1 (UID BODY.PEEK[])" {
					c.write("* 1 FETCH (UID 1 BODY[] {524288000}\r\n")
					for c.write(strings.Repeat("z", 1<<10)); ; {
						if _, err := c.Conn.Write([]byte("zzzz")); err != nil {
							return true
						}
					}
				}
				return false
			}
			runFor(t, f, 10*time.Minute, func(c *PollerConfig) { c.MaxSize = 2 << 20 })
			accepted(t, d, huge[:cutSize], mailN(2))
			for _, a := range d.arrivals {
				if a.Cursor.UID == 1 && (len(a.Defects) != 1 || !strings.HasPrefix(a.Defects[0], "cut: ")) {
					t.Errorf("%s: defects %q", name, a.Defects)
				}
			}
		})
	}
}

// INV-A4, INV-H4: while the database is down nothing on the server is touched, nothing is
// skipped, and it goes on by itself.
func TestINV_A4_DatabaseDown(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1))
		f.add(mailN(2))
		p := newPoller(t, d, f.dial, func(c *PollerConfig) { c.ImportAll, c.Done = true, "Done" })
		down := errors.New("pq: connection refused")
		d.fail = func(tickets.Arrival) error { return down }
		running(t, p)
		pass(20 * time.Minute)
		if d.count() != 0 || len(f.done) != 0 || len(f.mails) != 2 || len(d.noted) != 0 {
			t.Errorf("while down: %d accepted, %d moved, noted %v", d.count(), len(f.done), d.noted)
		}
		if s := p.Status(); s.FailedAt.IsZero() || s.LastErr == "" {
			t.Errorf("status %+v", s)
		}
		d.mu.Lock()
		d.fail, d.ledger = nil, down
		d.mu.Unlock()
		pass(20 * time.Minute)
		d.mu.Lock()
		d.ledger = nil
		d.mu.Unlock()
		pass(6 * time.Minute)
		accepted(t, d, mailN(1), mailN(2))
		lawful(t, d)
	})
}

// FLT-58, INV-I6: of two gateways the one with the lease reads; when it is lost the other
// takes over within a minute.
func TestFLT_58_Lease(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		holder := "a"
		gateway := func(name string) *Poller {
			p := newPoller(t, d, f.dial, func(c *PollerConfig) {
				c.ImportAll = true
				c.Lease = func(_ context.Context, lease string) (bool, error) {
					d.mu.Lock()
					defer d.mu.Unlock()
					return holder == name && lease == "imap/help/INBOX", nil
				}
			})
			running(t, p)
			return p
		}
		a, b := gateway("a"), gateway("b")
		f.add(mailN(1))
		pass(3 * time.Minute)
		if f.conns != 1 || !a.Status().Leased || b.Status().Leased {
			t.Errorf("%d connections; a %+v b %+v", f.conns, a.Status(), b.Status())
		}
		d.mu.Lock()
		holder = "b"
		d.mu.Unlock()
		f.add(mailN(2))
		pass(time.Minute)
		accepted(t, d, mailN(1), mailN(2))
		if a.Status().Leased || !b.Status().Leased || d.shown != 2 {
			t.Errorf("shown %d; a %+v b %+v", d.shown, a.Status(), b.Status())
		}
	})
}

// Old mail is taken, and nothing is mailed because of it: by the server's date, or by
// the date at which it first arrived when a restored mailbox renewed that.
func TestQuiet(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		old, now := d.now.Add(-73*time.Hour), d.now
		stamp := func(at time.Time) string { return at.Format(time.RFC1123Z) }
		for text, at := range map[string]time.Time{
			"Subject: quiet 1\r\n\r\n": old,
			"Received: by mx;\r\n " + stamp(old) + "\r\nDate: " + stamp(now) + "\r\nSubject: quiet 2\r\n\r\n":                                  now,
			"Date: " + stamp(old) + "\r\nSubject: quiet 3\r\n\r\n":                                                                             now,
			"Received: by mx; " + stamp(now) + "\r\nReceived: by x; " + stamp(old) + "\r\nDate: " + stamp(old) + "\r\nSubject: loud 4\r\n\r\n": now,
			"Subject: loud 5\r\n\r\n": now.Add(-71 * time.Hour),
			"Date: rubbish\r\nSubject: loud 6\r\n\r\nDate: " + stamp(old) + "\r\n": now,
		} {
			f.add(text).at = at
		}
		runFor(t, f, time.Minute, nil)
		if d.count() != 6 {
			t.Fatalf("%d accepted", d.count())
		}
		for _, a := range d.arrivals {
			if text := d.bodies[a.Key]; strings.Contains(text, "quiet") != (a.Quiet != "") {
				t.Errorf("%q: quiet %q", text, a.Quiet)
			}
		}
	})
}
