package mailin

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"

	"postern/tickets"
)

var atUID1 = tickets.Cursor{Account: "help", Mailbox: "INBOX", UIDValidity: 7, UID: 1}

// answerBody lets the server answer the fetch of message 1 its own way, n times.
func answerBody(f *fakeIMAP, n int, answer func(c *fakeConn)) {
	f.hook = func(c *fakeConn, cmd string) bool {
		if n == 0 || !strings.HasPrefix(cmd, "UID FETCH 1 (UID BODY") {
			return false
		}
		n--
		answer(c)
		return true
	}
}

// IN-P01, IN-P03, trap 8: an answer that cannot be used is no message. It is not believed,
// the mail stays pending and comes when the server gives it; the others flow.
func TestIN_P01_BadAnswers(t *testing.T) {
	for name, answer := range map[string]string{
		"huge literal":     "* 1 FETCH (UID 1 BODY[] {99999999999}\r\nxxxx",
		"negative literal": "* 1 FETCH (UID 1 BODY[] {-1}\r\nxxxx)\r\nTAG OK done\r\n",
		"short literal":    "* 1 FETCH (UID 1 BODY[] {10}\r\nxxxxx",
		"nil":              "* 1 FETCH (UID 1 BODY[] NIL)\r\nTAG OK done\r\n",
		"uid 0":            "* 1 FETCH (UID 0 BODY[] {4}\r\nxxxx)\r\nTAG OK done\r\n",
		"no uid":           "* 1 FETCH (BODY[] {4}\r\nxxxx)\r\nTAG OK done\r\n",
		"big uid":          "* 1 FETCH (UID 4294967297 BODY[] {4}\r\nxxxx)\r\nTAG OK done\r\n",
		"other uid":        "* 1 FETCH (UID 2 BODY[] {4}\r\nxxxx)\r\nTAG OK done\r\n",
		"other section":    "* 1 FETCH (UID 1 BODY[TEXT] {4}\r\nxxxx)\r\nTAG OK done\r\n",
		"nothing":          "TAG OK done\r\n",
		"refused":          "TAG NO [CONTACTADMIN2] broken message\r\n",
		"unknown item":     "* 1 FETCH (UID 1 X-GM-MSGID 7 BODY[] {4}\r\nxxxx)\r\nTAG OK done\r\n",
		"unknown answer":   "* XFOO\r\nTAG OK done\r\n",
		"vanished":         "* VANISHED 1:9\r\nTAG OK done\r\n",
		"parentheses":      "* 1 FETCH " + strings.Repeat("(", 1<<20) + "\r\n",
		"rubbish":          "\x00\xff\r\n\r\n",
		"bye":              "* BYE go away\r\n",
	} {
		bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
			f.add(mailN(1))
			f.add(mailN(2))
			answerBody(f, 9, func(c *fakeConn) {
				c.write(strings.ReplaceAll(answer, "TAG", c.tag))
				if !strings.Contains(answer, "TAG") {
					c.Conn.Close()
				}
			})
			p := newPoller(t, d, f.dial, func(c *PollerConfig) { c.ImportAll = true })
			running(t, p)
			pass(5 * time.Minute)
			if got := d.texts(); len(got) != 1 || got[0] != mailN(2) {
				t.Errorf("%s: after five minutes accepted %q", name, got)
			}
			if state, _ := d.booked(atUID1); state != tickets.UIDPending || p.Status().Pending != 1 {
				t.Errorf("%s: booked %q, status %+v", name, state, p.Status())
			}
			pass(10 * time.Hour)
			accepted(t, d, mailN(1), mailN(2))
			if s := p.Status(); s.Pending != 0 {
				t.Errorf("%s: status %+v", name, s)
			}
		})
	}
}

// IN-P01: an empty message is a message.
func TestIN_P01_Empty(t *testing.T) {
	for _, body := range []string{`""`, "{0}\r\n"} {
		bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
			f.add("")
			answerBody(f, 1, func(c *fakeConn) { c.write("* 1 FETCH (UID 1 BODY[] %s)\r\n", body); c.ok("done") })
			runFor(t, f, time.Minute, nil)
			accepted(t, d, "")
		})
	}
}

// IN-P02: a flood of answers that nobody asked for is passed over.
func TestIN_P02_Flood(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1))
		answerBody(f, 1, func(c *fakeConn) {
			for n := range 20000 {
				c.write("* %d EXISTS\r\n* 1 FETCH (UID %d FLAGS (\\Seen))\r\n* 3 FETCH (UID 99 BODY[] {2}\r\nxx)\r\n", n, n+100)
			}
			c.write("* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\n", len(mailN(1)), mailN(1))
			c.ok("done")
		})
		runFor(t, f, time.Minute, nil)
		accepted(t, d, mailN(1))
	})
}

// IN-P02, trap 9: a server's list is not believed: ranges without end, UIDs not asked for.
func TestIN_P02_Listing(t *testing.T) {
	r := func(a, b uint32) imap.UIDRange { return imap.UIDRange{Start: imap.UID(a), Stop: imap.UID(b)} }
	for _, c := range []struct {
		set    imap.UIDSet
		lo, hi uint32
		n      int
		first  uint32
	}{
		{imap.UIDSet{r(1, 4294967295)}, 5, 0, maxListed, 5},
		{imap.UIDSet{r(4, 4)}, 100000, 0, 0, 0},
		{imap.UIDSet{r(9, 7), r(3, 8), r(7, 7)}, 4, 0, 6, 4},
		{imap.UIDSet{r(1, 9)}, 5, 5, 1, 5},
		{imap.UIDSet{r(0, 2)}, 0, 0, 2, 1},
		{imap.UIDSet{r(4294967290, 4294967295)}, 4294967295, 0, 1, 4294967295},
		{nil, 1, 0, 0, 0},
	} {
		got := expand(c.set, c.lo, c.hi)
		if len(got) != c.n || c.n > 0 && got[0] != c.first {
			t.Errorf("%v from %d to %d: %d UIDs, %v…", c.set, c.lo, c.hi, len(got), got[:min(3, len(got))])
		}
	}
}

// IN-P03: a wrong size is only a hint.
func TestIN_P03_WrongSize(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1)).size = 3
		f.add(mailN(2)).size = 30000
		runFor(t, f, time.Minute, nil)
		accepted(t, d, mailN(1), mailN(2))
	})
}

// IN-P03, trap 8: a date that breaks the connection is not asked for again.
func TestIN_P03_BrokenDate(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1))
		f.hook = func(c *fakeConn, cmd string) bool {
			if strings.Contains(cmd, "INTERNALDATE") {
				c.write("* 1 FETCH (UID 1 INTERNALDATE \"yesterday\" RFC822.SIZE -7)\r\n")
				return c.ok("done")
			}
			return false
		}
		runFor(t, f, time.Minute, nil)
		accepted(t, d, mailN(1))
	})
}

// IN-P04: names of folders are quoted, never injected.
func TestIN_P04_Names(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1))
		runFor(t, f, time.Minute, func(c *PollerConfig) { c.Mailbox, c.Done = `A "b" \c/d&é`, "x\r\nZ1 DELETE INBOX" })
		accepted(t, d, mailN(1))
		for _, step := range d.journal {
			if strings.Contains(step, "DELETE INBOX") && !strings.HasPrefix(step, "UID MOVE") || strings.HasPrefix(step, "Z1") {
				t.Errorf("injected: %q", step)
			}
		}
	})
}

// IN-P05: nothing is asked for that servers get wrong.
func TestIN_P05_WhatIsAsked(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1))
		runFor(t, f, time.Minute, nil)
		for _, step := range d.journal {
			fetch := strings.HasPrefix(step, "UID FETCH")
			if fetch && step != "UID FETCH 1 (UID BODY.PEEK[])" && !strings.Contains(step, "INTERNALDATE") ||
				strings.Contains(step, "BODYSTRUCTURE") || strings.Contains(step, "ENVELOPE") || strings.Contains(step, "FLAGS") ||
				strings.HasPrefix(step, "LIST") || strings.HasPrefix(step, "ENABLE") {
				t.Errorf("asked for %q", step)
			}
		}
	})
}

// IN-P07, trap 2: OK without a message, again and again: pending, counted, never skipped.
func TestIN_P07_NothingDelivered(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1))
		answerBody(f, -1, func(c *fakeConn) { c.ok("done") })
		stuck := 0
		p := newPoller(t, d, f.dial, func(c *PollerConfig) {
			c.ImportAll, c.Log = true, nil
			c.Count = func(m Metric) {
				if m == MetricStuck {
					stuck++
				}
			}
		})
		running(t, p)
		pass(24 * time.Hour)
		_, tries := d.booked(atUID1)
		if s := p.Status(); s.Pending != 1 || s.Tries < 10 || stuck == 0 || tries > 40 {
			t.Errorf("status %+v, %d alarms, %d tries", s, stuck, tries)
		}
	})
}

// IN-P08, trap 10: MOVE says OK and nothing moves: the message is not taken again.
func TestIN_P08_MoveDoesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1))
		f.hook = func(c *fakeConn, cmd string) bool { return strings.HasPrefix(cmd, "UID MOVE") && c.ok("moved") }
		runFor(t, f, time.Hour, func(c *PollerConfig) { c.Done = "Done" })
		if d.count() != 1 || d.shown > 2 {
			t.Errorf("%d arrivals, shown %d", d.count(), d.shown)
		}
	})
}

// IN-P06: BYE instead of a greeting, a greeting that is none, a change of mind after login.
func TestIN_P06_Greetings(t *testing.T) {
	for _, greeting := range []string{"* BYE come later\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "* NO\r\n", ""} {
		bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
			f.add(mailN(1))
			begin := time.Now()
			f.greeting = greeting
			f.onConn = func(net.Conn) bool {
				if time.Since(begin) > 30*time.Minute {
					f.set(func() { f.greeting = "* OK better now\r\n" })
				}
				return false
			}
			runFor(t, f, time.Hour, nil)
			accepted(t, d, mailN(1))
			if f.conns > 40 {
				t.Errorf("%q: %d connections", greeting, f.conns)
			}
		})
	}
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) { // IDLE and MOVE vanish after the login
		f.add(mailN(1))
		f.hook = func(c *fakeConn, cmd string) bool {
			if strings.HasPrefix(cmd, "LOGIN") {
				f.set(func() { f.caps = "IMAP4rev1" })
			}
			return false
		}
		runFor(t, f, 10*time.Minute, func(c *PollerConfig) { c.Done = "Done" })
		accepted(t, d, mailN(1))
		lawful(t, d)
		for _, step := range d.journal {
			if step == "IDLE" || strings.HasPrefix(step, "UID MOVE") {
				t.Errorf("used what is not there any more: %s", step)
			}
		}
	})
}

// IN-P09: a greeting without end costs 64 KiB and the connection.
func TestIN_P09_EndlessGreeting(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		var wrote int64
		f.onConn = func(c net.Conn) bool {
			for chunk := []byte("* OK " + strings.Repeat("x", 1000)); ; {
				n, err := c.Write(chunk)
				if wrote += int64(n); err != nil {
					return true
				}
			}
		}
		p := runFor(t, f, time.Second, nil)
		if wrote > 100<<10 || !strings.Contains(p.Status().LastErr, "without end") {
			t.Errorf("read %d octets; %+v", wrote, p.Status())
		}
	})
}

// FLT-46, INV-C9: nothing is said to a server that is not the one we mean, and no
// password goes out in clear.
func TestFLT_46_TLS(t *testing.T) {
	good, roots := serverTLS(t, "imap.example.org", farAway)
	expired, expiredRoots := serverTLS(t, "imap.example.org", time.Date(1999, 6, 1, 0, 0, 0, 0, time.UTC))
	other, otherRoots := serverTLS(t, "other.example.org", farAway)
	stripped := func(c net.Conn) bool { // a man in the middle
		fmt.Fprint(c, "* OK ready\r\n")
		io.WriteString(c, readLine(c)+" BAD unknown command\r\n")
		io.Copy(io.Discard, c)
		return true
	}
	inject := func(c net.Conn) bool {
		fmt.Fprint(c, "* OK ready\r\n")
		io.WriteString(c, readLine(c)+" OK go\r\n* OK [CAPABILITY IMAP4rev1] injected\r\n")
		io.Copy(io.Discard, c)
		return true
	}
	preauth := func(c net.Conn) bool {
		fmt.Fprint(c, "* PREAUTH welcome\r\n")
		io.Copy(io.Discard, c)
		return true
	}
	for name, c := range map[string]struct {
		mode   TLSMode
		server *tls.Config
		client *tls.Config
		onConn func(net.Conn) bool
		why    string // "" is good
	}{
		"tls":               {TLSImplicit, good, &tls.Config{RootCAs: roots}, nil, ""},
		"starttls":          {TLSStart, good, &tls.Config{RootCAs: roots}, nil, ""},
		"self-signed":       {TLSImplicit, good, nil, nil, "unknown authority"},
		"expired":           {TLSImplicit, expired, &tls.Config{RootCAs: expiredRoots}, nil, "expired"},
		"wrong host":        {TLSStart, other, &tls.Config{RootCAs: otherRoots}, nil, "other.example.org"},
		"starttls refused":  {TLSStart, nil, &tls.Config{RootCAs: roots}, nil, "offers no TLS"},
		"starttls stripped": {TLSStart, good, &tls.Config{RootCAs: roots}, stripped, "offers no TLS"},
		"injected":          {TLSStart, good, &tls.Config{RootCAs: roots}, inject, "tls: "},
		"preauth":           {TLSStart, good, &tls.Config{RootCAs: roots}, preauth, "offers no TLS"},
		"plain server":      {TLSImplicit, nil, &tls.Config{RootCAs: roots}, preauth, "tls: "},
		"none, far away":    {TLSNone, nil, nil, nil, "without TLS"},
	} {
		bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
			f.add(mailN(1))
			f.startTLS, f.implicit, f.onConn, f.buffered = c.server, c.mode == TLSImplicit && c.server != nil, c.onConn, true
			p := runFor(t, f, time.Minute, func(cfg *PollerConfig) { cfg.Mode, cfg.TLS, cfg.Insecure = c.mode, c.client, false })
			if c.why == "" {
				accepted(t, d, mailN(1))
				return
			}
			if s := p.Status(); !strings.Contains(s.LastErr, c.why) || f.logins != 0 || d.count() != 0 {
				t.Errorf("%s: %d logins, status %+v", name, f.logins, s)
			}
		})
	}
}

// readLine reads the tag of one line.
func readLine(c net.Conn) string {
	b := make([]byte, 200)
	n, _ := c.Read(b)
	tag, _, _ := strings.Cut(string(b[:n]), " ")
	return tag
}

// Trap 11: some providers refuse the protocol name "imap" in the handshake.
func TestNoALPN(t *testing.T) {
	cfg, roots := serverTLS(t, "imap.example.org", farAway)
	cfg.NextProtos = []string{"h2"}
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1))
		f.startTLS, f.implicit, f.buffered = cfg, true, true
		runFor(t, f, time.Minute, func(c *PollerConfig) {
			c.Mode, c.TLS = TLSImplicit, &tls.Config{RootCAs: roots, NextProtos: []string{"imap"}}
		})
		accepted(t, d, mailN(1))
	})
}

// The way to log in: PLAIN where offered, LOGIN else, another mechanism when one is set,
// and none where the server allows none.
func TestLogins(t *testing.T) {
	authenticate := func(f *fakeIMAP, saw *string) {
		f.hook = func(c *fakeConn, cmd string) bool {
			if !strings.HasPrefix(cmd, "AUTHENTICATE ") {
				return false
			}
			c.write("+ \r\n")
			line, _ := c.r.ReadString('\n')
			*saw = cmd + " " + plain(line)
			return c.ok("welcome")
		}
	}
	for caps, want := range map[string]string{
		"IMAP4rev1 AUTH=PLAIN":     "AUTHENTICATE PLAIN \x00help\x00secret",
		"IMAP4rev1":                "",
		"IMAP4rev1 LOGINDISABLED ": "none",
	} {
		bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
			f.add(mailN(1))
			f.caps = caps
			saw := ""
			authenticate(f, &saw)
			p := runFor(t, f, time.Minute, nil)
			if want == "none" {
				if d.count() != 0 || !strings.Contains(p.Status().LastErr, "neither") {
					t.Errorf("%d accepted, %+v", d.count(), p.Status())
				}
				return
			}
			accepted(t, d, mailN(1))
			if saw != want {
				t.Errorf("%s: logged in by %q", caps, saw)
			}
		})
	}
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1))
		saw := ""
		authenticate(f, &saw)
		runFor(t, f, time.Minute, func(c *PollerConfig) {
			c.Password = nil
			c.SASL = func() (sasl.Client, error) {
				return sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: "help", Token: "t"}), nil
			}
		})
		accepted(t, d, mailN(1))
		if !strings.HasPrefix(saw, "AUTHENTICATE OAUTHBEARER ") {
			t.Errorf("logged in by %q", saw)
		}
	})
}

// A message that breaks the connection every time holds up nobody (IN-P05).
func TestPoisonHoldsUpNobody(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1))
		answerBody(f, -1, func(c *fakeConn) { c.Conn.Close() })
		p := newPoller(t, d, f.dial, func(c *PollerConfig) { c.ImportAll, c.Log = true, nil })
		running(t, p)
		for n := 2; n < 30; n++ {
			f.add(mailN(n))
			pass(7 * time.Minute)
			if d.count() != n-1 {
				t.Fatalf("%d accepted, want %d", d.count(), n-1)
			}
		}
	})
}

// A spool that is full stops the poll and books nothing.
func TestPollerSpoolFull(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1))
		bad := &SpoolDir{path: "/nonexistent"}
		p := newPoller(t, d, f.dial, func(c *PollerConfig) { c.ImportAll = true })
		good := p.Spool
		p.Spool = bad
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		p.Run(ctx)
		if len(d.noted) != 0 || d.count() != 0 || !strings.Contains(p.Status().LastErr, "spool") {
			t.Errorf("noted %v, status %+v", d.noted, p.Status())
		}
		p.Spool = good
		running(t, p)
		pass(time.Minute)
		accepted(t, d, mailN(1))
	})
}

func TestPollerConfigRefused(t *testing.T) {
	d := newDesk(t)
	for name, change := range map[string]func(*PollerConfig){
		"no accept":   func(c *PollerConfig) { c.Accept = nil },
		"no password": func(c *PollerConfig) { c.Password = nil },
		"mode":        func(c *PollerConfig) { c.Mode = "ssl" },
		"done":        func(c *PollerConfig) { c.Done = "INBOX" },
	} {
		cfg := PollerConfig{Account: "a", Spool: testSpool(t), Accept: d.Accept, Store: d, Now: d.Now, Password: func() (string, error) { return "", nil }}
		change(&cfg)
		if _, err := NewPoller(cfg); err == nil {
			t.Errorf("%s: was allowed", name)
		}
	}
}
