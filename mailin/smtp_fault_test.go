package mailin

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postern/tickets"
)

// play sends a script in one go, hangs up, and gives what was answered.
func play(pl *pipeListener, script string) string {
	c := pl.dial(peerAddr)
	answers := make(chan string)
	go func() { b, _ := io.ReadAll(c); answers <- string(b) }()
	io.WriteString(c, script)
	synctest.Wait()
	c.Close()
	return <-answers
}

// FLT-54, IN-S21: a dialogue cut at any octet stores nothing before its end is seen, and
// exactly one message after. INV-A1: what was answered 250 is what is stored.
func TestFLT_54_CutAtEveryOctet(t *testing.T) {
	head := "EHLO x\r\nMAIL FROM:<ann@example.net>\r\nRCPT TO:<help@example.org>\r\n"
	for name, c := range map[string]struct{ script, end string }{
		"data":   {head + "DATA\r\n" + letter + ".\r\n", ""},
		"bdat":   {head + fmt.Sprintf("BDAT 20\r\n%sBDAT %d LAST\r\n%s", letter[:20], len(letter)-20, letter[20:]), ""},
		"tail":   {head + "DATA\r\n" + letter, ".\r\nQUIT\r\n"},
		"chunks": {head + "BDAT 4\r\n" + letter[:4] + fmt.Sprintf("BDAT %d\r\n", len(letter)-4) + letter[4:], "BDAT 0 LAST\r\nQUIT\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			protocol(t, nil, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
				whole := c.script + c.end
				last := len(strings.TrimSuffix(whole, "QUIT\r\n"))
				for n := range len(whole) + 1 {
					before := d.shown
					answers := play(pl, whole[:n])
					taken, promised := d.shown-before, strings.Count(answers, "250 2.0.0 OK: queued")
					want := 0
					if n >= last {
						want = 1
					}
					if taken != want || promised != want {
						t.Fatalf("cut after %d of %d: %d taken, %d promised, want %d\n%s", n, len(whole), taken, promised, want, answers)
					}
				}
				if got := d.texts(); len(got) != 1 || got[0] != letter {
					t.Errorf("stored %q", got)
				}
			})
		})
	}
}

// FLT-57: hung up between our 250 and QUIT, the message comes again and is the same one.
func TestFLT_57_LostAnswer(t *testing.T) {
	protocol(t, nil, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
		for range 3 {
			k := call(t, pl)
			k.begin("help@example.org")
			k.ask("354 ", "DATA")
			io.WriteString(k.Conn, letter+".\r\n")
			k.Close() // the 250 is never read
			synctest.Wait()
		}
		if d.shown != 3 || d.count() != 1 {
			t.Errorf("shown %d times, %d arrivals", d.shown, d.count())
		}
	})
}

// IN-S20: a connection that says nothing ends after five minutes, after one when many wait.
func TestIN_S20_SilentPeer(t *testing.T) {
	for n, want := range map[int]time.Duration{1: 5 * time.Minute, 4: time.Minute} {
		protocol(t, func(c *ListenerConfig) { c.MaxConns = 5 }, func(t *testing.T, _ *fakeDesk, _ *Listener, pl *pipeListener) {
			var k *talk
			for range n {
				k = call(t, pl)
			}
			begin := time.Now()
			k.want("421 4.4.2 ")
			if got := time.Since(begin); got != want {
				t.Errorf("%d connections: %v, want %v", n, got, want)
			}
			k.want("")
		})
	}
}

// FLT-55, INV-G3: octets by the spoonful renew nothing: not in a command, not in a
// message. What a cut message still holds is never read as commands (go-smtp #196).
func TestFLT_55_Slowloris(t *testing.T) {
	smuggled := "Subject: x\r\n\r\n.\r.\r\nMAIL FROM:<evil@example.net>\r\nRCPT TO:<help@example.org>\r\nDATA\r\nsmuggled\r\n.\r\n"
	for name, c := range map[string]struct {
		first, drip string
		cut         time.Duration
	}{
		"command": {"", strings.Repeat("NOOP ", 100), 5 * time.Minute},
		"data":    {"DATA\r\n", strings.Repeat("x", 17), 3 * time.Minute},
		"chunk":   {"BDAT 5000 LAST\r\n", strings.Repeat("x", 17), 3 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			protocol(t, nil, func(t *testing.T, d *fakeDesk, l *Listener, pl *pipeListener) {
				k := call(t, pl)
				k.begin("help@example.org")
				io.WriteString(k.Conn, c.first)
				if c.first == "DATA\r\n" {
					k.want("354 ")
				}
				go io.Copy(io.Discard, k.r)
				begin := time.Now()
				var err error
				for i := 0; err == nil && i < 1000; i++ {
					octet := "x"
					if i < len(c.drip) {
						octet = c.drip[i : i+1]
					}
					if c.first != "" && time.Since(begin) > 4*time.Minute {
						octet = smuggled
					}
					_, err = io.WriteString(k.Conn, octet)
					wait(context.Background(), 10*time.Second)
					if i == 3 { // meanwhile others are served
						other := call(t, pl)
						other.deliver("250 ", letter)
						other.Close()
					}
				}
				if took := time.Since(begin); took > c.cut+30*time.Second {
					t.Errorf("held for %v", took)
				}
				if d.count() != 1 || len(l.door.all()) != 0 {
					t.Errorf("%d stored, %d connections left", d.count(), len(l.door.all()))
				}
			})
		})
	}
}

// A steady sender is not cut off, however long he takes.
func TestSteadySender(t *testing.T) {
	protocol(t, nil, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
		k := call(t, pl)
		k.begin("help@example.org")
		k.ask("354 ", "DATA")
		line := strings.Repeat("x", 2046) + "\r\n"
		for range 60 { // an hour
			io.WriteString(k.Conn, line)
			wait(context.Background(), 50*time.Second)
		}
		k.send(".\r\n")
		k.want("250 ")
		if a := d.last(); a.Size != 60*2048 {
			t.Errorf("size %d", a.Size)
		}
	})
}

// FLT-56: a client that never reads answers does not hold us for ever.
func TestFLT_56_NeverReads(t *testing.T) {
	protocol(t, nil, func(t *testing.T, d *fakeDesk, l *Listener, pl *pipeListener) {
		c := pl.dial(peerAddr)
		defer c.Close()
		var script strings.Builder
		script.WriteString("EHLO x\r\n")
		for i := range 1000 {
			fmt.Fprintf(&script, "MAIL FROM:<ann@example.net>\r\nRCPT TO:<help@example.org>\r\nDATA\r\n%d\r\n.\r\n", i)
		}
		go io.WriteString(c, script.String())
		wait(context.Background(), 3*time.Minute)
		synctest.Wait()
		if n := len(l.door.all()); n != 0 {
			t.Errorf("%d connections left", n)
		}
	})
}

// IN-S26, INV-G3: ten connections of one network, two hundred in all; those inside are
// not disturbed, and a place that is given up can be taken.
func TestIN_S26_Connections(t *testing.T) {
	protocol(t, func(c *ListenerConfig) { c.MaxConns = 15 }, func(t *testing.T, d *fakeDesk, l *Listener, pl *pipeListener) {
		inside := call(t, pl)
		for range 9 {
			call(t, pl)
		}
		for _, addr := range []string{peerAddr, "198.51.100.99:1"} {
			k := newTalk(t, pl.dial(addr))
			k.want("421 4.7.0 ")
			k.want("")
		}
		for i := range 5 {
			newTalk(t, pl.dial(fmt.Sprintf("[2001:db8:%d::1]:1", i))).want("220 ")
		}
		newTalk(t, pl.dial("203.0.113.1:1")).want("421 4.7.0 ")
		inside.deliver("250 ", letter)
		inside.ask("221 ", "QUIT")
		synctest.Wait()
		newTalk(t, pl.dial("203.0.113.1:1")).want("220 ")
	})
	near := func(c *ListenerConfig) { c.Role = tickets.RoleMTA }
	protocol(t, near, func(t *testing.T, _ *fakeDesk, _ *Listener, pl *pipeListener) {
		for range 30 { // one mail server brings everything
			call(t, pl)
		}
	})
}

// FLT-08: at shutdown idle peers hear 421 4.3.2, a message under way is taken, and then
// its peer is sent away too.
func TestFLT_08_Shutdown(t *testing.T) {
	protocol(t, nil, func(t *testing.T, d *fakeDesk, l *Listener, pl *pipeListener) {
		idle, busy, silent := call(t, pl), call(t, pl), newTalk(t, pl.dial(peerAddr))
		silent.want("220 ")
		busy.begin("help@example.org")
		busy.ask("354 ", "DATA")
		done := make(chan error)
		go func() { done <- l.Shutdown(context.Background()) }()
		idle.want("421 4.3.2 ")
		idle.want("")
		silent.want("421 4.3.2 ")
		synctest.Wait()
		wait(context.Background(), 20*time.Second)
		busy.send(letter + ".\r\n")
		busy.want("250 ")
		busy.want("421 4.3.2 ")
		if err := <-done; err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if d.count() != 1 {
			t.Errorf("%d stored", d.count())
		}
	})
}

// FLT-08: a message that does not come to its end in 30 s is cut, and not stored.
func TestFLT_08_ShutdownCuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		pl := newPipeListener()
		l, err := NewListener(ListenerConfig{Name: "mx", Socket: pl, Role: tickets.RoleMX, Spool: testSpool(t), Accept: d.Accept, Now: d.Now})
		if err != nil {
			t.Fatal(err)
		}
		go l.Serve(context.Background())
		k := call(t, pl)
		k.begin("help@example.org")
		k.ask("354 ", "DATA")
		k.send("half")
		begin := time.Now()
		if err := l.Shutdown(context.Background()); err == nil {
			t.Error("nothing was said of the cut message")
		}
		if took := time.Since(begin); took != 30*time.Second {
			t.Errorf("waited %v", took)
		}
		<-l.ended
		if d.count() != 0 {
			t.Errorf("stored %q", d.texts())
		}
	})
}
