package mailin

import (
	"strings"
	"testing"
	"time"
)

// FLT-41: what the server cannot do is not done otherwise: never a plain EXPUNGE.
func TestFLT_41_Moving(t *testing.T) {
	for caps, want := range map[string]string{
		"IMAP4rev1 MOVE":         `UID MOVE 1 "Done"`,
		"IMAP4rev1 MOVE UIDPLUS": `UID MOVE 1 "Done"`,
		"IMAP4rev1 UIDPLUS":      `UID COPY 1 "Done"|UID STORE 1 +FLAGS.SILENT (\Deleted)|UID EXPUNGE 1`,
		"IMAP4rev1":              "",
	} {
		for _, refuse := range []string{"", "UID COPY", "UID MOVE"} {
			bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
				f.caps = caps
				f.add(mailN(1))
				f.hook = func(c *fakeConn, cmd string) bool {
					return refuse != "" && strings.HasPrefix(cmd, refuse) && c.no("[CANNOT] not here")
				}
				runFor(t, f, time.Minute, func(c *PollerConfig) { c.Done, c.Timeouts.Again = "Done", time.Hour }) // one poll
				accepted(t, d, mailN(1))
				lawful(t, d)
				var got []string
				for _, step := range d.journal {
					if strings.HasPrefix(step, "UID ") && !strings.HasPrefix(step, "UID FETCH") && !strings.HasPrefix(step, "UID SEARCH") {
						got = append(got, step)
					}
				}
				expect := want
				if refuse != "" && strings.HasPrefix(want, refuse) {
					expect, _, _ = strings.Cut(want, "|") // nothing follows a refused COPY
				}
				if strings.Join(got, "|") != expect {
					t.Errorf("%s, refusing %q: %q, want %q", caps, refuse, got, expect)
				}
			})
		}
	}
}

// A done folder that is not there is made.
func TestDoneFolderIsMade(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1))
		made := false
		f.hook = func(c *fakeConn, cmd string) bool {
			made = made || strings.HasPrefix(cmd, "CREATE ")
			return strings.HasPrefix(cmd, "UID MOVE") && !made && c.no("[TRYCREATE] no such folder")
		}
		runFor(t, f, time.Minute, func(c *PollerConfig) { c.Done = "Done" })
		if len(f.done) != 1 {
			t.Errorf("moved %q", f.done)
		}
	})
}

// FLT-05: killed between COMMIT and MOVE, the mail is shown once more after the restart,
// as the same arrival, and moved then.
func TestFLT_05_KilledBeforeMove(t *testing.T) {
	for _, how := range []string{"restart", "cut"} {
		bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
			f.add(mailN(1))
			once := true
			f.hook = func(c *fakeConn, cmd string) bool {
				if strings.HasPrefix(cmd, "UID MOVE") && once {
					once = false
					c.Conn.Close()
					return true
				}
				return false
			}
			done := func(c *PollerConfig) { c.Done = "Done" }
			if how == "restart" {
				runFor(t, f, time.Second, done)
			}
			runFor(t, f, time.Minute, done)
			if d.count() != 1 || d.shown != 2 || len(f.mails) != 0 || len(f.done) != 1 {
				t.Errorf("%s: %d arrivals, shown %d, %d left, moved %d", how, d.count(), d.shown, len(f.mails), len(f.done))
			}
			lawful(t, d)
		})
	}
}

// FLT-05: the connection breaks at the MOVE of a mailbox that was tidy: the mail is moved
// after the next connection, without a restart.
func TestFLT_05_CutBeforeMoveLater(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1))
		running(t, newPoller(t, d, f.dial, func(c *PollerConfig) { c.ImportAll, c.Done = true, "Done" }))
		pass(10 * time.Minute)
		cut := true
		f.set(func() {
			f.hook = func(c *fakeConn, cmd string) bool {
				if cut && strings.HasPrefix(cmd, "UID MOVE") {
					cut = false
					c.Conn.Close()
					return true
				}
				return false
			}
		})
		f.add(mailN(2))
		pass(10 * time.Minute)
		if d.count() != 2 || d.shown != 3 || len(f.mails) != 0 || len(f.done) != 2 {
			t.Errorf("%d arrivals, shown %d, %d left, moved %d", d.count(), d.shown, len(f.mails), len(f.done))
		}
	})
}

// What lay in the mailbox before us is neither taken nor moved, at no start.
func TestOthersMailStays(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.add(mailN(1)).at = d.now.Add(-time.Hour)
		for n := range 3 {
			runFor(t, f, 10*time.Minute, func(c *PollerConfig) { c.ImportAll, c.Done = false, "Done" })
			f.add(mailN(2 + n))
			runFor(t, f, 10*time.Minute, func(c *PollerConfig) { c.ImportAll, c.Done = false, "Done" })
		}
		accepted(t, d, mailN(2), mailN(3), mailN(4))
		if len(f.mails) != 1 || f.mails[0].text != mailN(1) || len(f.done) != 3 {
			t.Errorf("%d left, %d moved", len(f.mails), len(f.done))
		}
		lawful(t, d)
	})
}

// A mail that comes between the listing and IDLE, and is not announced, is found a second
// later and not after the interval.
func TestGapBeforeIdle(t *testing.T) {
	bubble(t, func(t *testing.T, d *fakeDesk, f *fakeIMAP) {
		f.caps = "IMAP4rev1 IDLE"
		f.add(mailN(1))
		late := false
		f.hook = func(_ *fakeConn, cmd string) bool {
			if strings.HasPrefix(cmd, "IDLE") && !late {
				late = true
				f.add(mailN(2))
			}
			return false
		}
		runFor(t, f, 5*time.Second, nil)
		accepted(t, d, mailN(1), mailN(2))
	})
}
