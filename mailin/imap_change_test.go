package mailin

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postern/tickets"
)

// FLT-37, FLT-38, INV-B7: a mailbox made anew is listed again, whatever its UIDs are;
// the key knows the UIDVALIDITY, and what is older than our beginning stays out.
func TestFLT_37_UIDValidity(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1)).at = d.now.Add(-48 * time.Hour)
		p := newPoller(t, d, f.dial, nil) // from now on
		running(t, p)
		synctest.Wait()
		f.add(mailN(2))
		pass(3 * time.Minute)
		accepted(t, d, mailN(2))
		f.remake()
		f.add(mailN(3))
		pass(3 * time.Minute)
		if d.count() != 3 || d.shown != 3 { // 2 again: the desk knows it by its content
			t.Errorf("%d arrivals, shown %d", d.count(), d.shown)
		}
		if got := state(d, 8, 1); got != tickets.UIDOld {
			t.Errorf("the mail from before us is booked %q", got)
		}
		f.set(func() { f.validity, f.next, f.mails = 9, 1, nil }) // restored empty, UIDs begin again
		f.add(mailN(4))
		pass(3 * time.Minute)
		if a := d.last(); a.Cursor.UID != 1 || a.Cursor.UIDValidity != 9 || d.bodies[a.Key] != mailN(4) {
			t.Errorf("the reused UID came as %+v", a.Cursor)
		}
		f.set(func() { f.next = 2 }) // UIDNEXT goes backwards and means nothing
		f.add(mailN(5))
		pass(3 * time.Minute)
		if d.count() != 5 {
			t.Errorf("%d arrivals", d.count())
		}
	})
}

// FLT-37: the mailbox is made anew in the middle of a poll.
func TestFLT_37_WhilePolling(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		for n := range 5 {
			f.add(mailN(n))
		}
		once := true
		f.hook = func(c *fakeConn, cmd string) bool {
			if strings.HasPrefix(cmd, "UID FETCH 3 (UID BODY") && once {
				once = false
				f.remake()
				c.write("* BYE mailbox went away\r\n")
				c.Conn.Close()
				return true
			}
			return false
		}
		runFor(t, f, 10*time.Minute, nil)
		seen := map[string]bool{}
		for _, text := range d.bodies {
			seen[text] = true
		}
		if len(seen) != 5 || d.count() != 7 {
			t.Errorf("%d mails in %d arrivals", len(seen), d.count())
		}
	})
}

// FLT-39, trap 1: other answers come in the middle of ours: sequence numbers shift,
// flags come before the body, the UID behind it. The right octets get the right UID.
func TestFLT_39_UnsolicitedAnswers(t *testing.T) {
	for name, answer := range map[string]string{
		"flags first":   "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\n",
		"flags in it":   "* 1 FETCH (FLAGS (\\Seen) UID 1 BODY[] {%d}\r\n%s)\r\n",
		"uid last":      "* 1 FETCH (BODY[] {%d}\r\n%s UID 1)\r\n",
		"other message": "* 2 FETCH (UID 2 BODY[] {5}\r\nother)\r\n* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\n",
		"expunge":       "* 9 EXPUNGE\r\n* 3 EXISTS\r\n* 7 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\n* 1 EXPUNGE\r\n",
		"twice":         "* 1 FETCH (UID 1 BODY[] {%d}\r\n%[2]s)\r\n* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n",
		"recent":        "* 1 RECENT\r\n* OK still here\r\n* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\n",
	} {
		bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
			f.add(mailN(1))
			f.hook = func(c *fakeConn, cmd string) bool {
				if !strings.HasPrefix(cmd, "UID FETCH 1 (UID BODY") {
					return false
				}
				c.write(answer, len(mailN(1)), mailN(1))
				return c.ok("done")
			}
			runFor(t, f, time.Minute, nil)
			if got := d.texts(); len(got) != 1 || got[0] != mailN(1) || f.conns != 1 {
				t.Errorf("%s: accepted %q over %d connections", name, got, f.conns)
			}
		})
	}
}

// FLT-40: flags mean nothing; a mail that goes away after it was listed is booked as gone,
// after asking.
func TestFLT_40_GoneAfterListing(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1))
		f.add(mailN(2))
		f.hook = func(c *fakeConn, cmd string) bool {
			if strings.HasPrefix(cmd, "UID FETCH 1 ") {
				f.set(func() { f.mails = f.mails[len(f.mails)-1:] })
			}
			return false
		}
		runFor(t, f, time.Minute, nil)
		accepted(t, d, mailN(2))
		if got := state(d, 7, 1); got != tickets.UIDGone {
			t.Errorf("booked as %q", got)
		}
		lawful(t, d)
	})
}
