package mailout

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postern/tickets"
)

// FLT-48, FLT-49, FLT-51, IN-R01: what each misbehaviour at each step means. Only a
// 5xx to the transaction is final.
func TestRelayMisbehaves(t *testing.T) {
	const later, never, sent = tickets.VerdictLater, tickets.VerdictNever, tickets.VerdictSent
	steps := []string{"CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "DOT", "QUIT"}
	tricks := []string{"451 4.3.0 later", "550 5.7.1 no", "421 4.3.2 closing", "close", "hang", "flood", "long", "refuse",
		"150 what", "999 what", "25 what", "garbage \x00\x1b[2J", "251 well", "530 5.7.0 log in first", "552-5.2.2 full\r\n550 5.2.2 full"}
	for _, step := range steps {
		for _, trick := range tricks {
			if trick == "refuse" && step != "CONNECT" {
				continue
			}
			t.Run(step+"/"+strings.Fields(trick)[0], func(t *testing.T) {
				s := &script{at: step, say: trick, offers: "AUTH PLAIN"}
				a := deliverOnce(t, s)
				want := later
				switch {
				case step == "QUIT", strings.HasPrefix(trick, "251") && (step == "RCPT" || step == "DOT"):
					want = sent
				case strings.HasPrefix(trick, "55") && !strings.Contains("CONNECT EHLO AUTH", step):
					want = never
				}
				if trick[:3] == "552" && want == never {
					want = "" // differing codes: either is tolerable, but it must end
				}
				if want != "" && a.Kind != want {
					t.Errorf("got %s %q %q, want %s", a.Kind, a.Code, a.Text, want)
				}
				if len(a.Text) > MaxAnswer || strings.ContainsAny(a.Text, "\x00\x1b\r\n") {
					t.Errorf("answer not sanitised: %q", a.Text)
				}
			})
		}
	}
}

// deliverOnce plays one attempt with all its waiting, in no time.
func deliverOnce(t *testing.T, s *script) (a Answer) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := s.smtp()
		if strings.Contains(s.offers, "AUTH") {
			r.Login, r.ClearAuth = "bob", true
		}
		r.Password = func(context.Context) (string, error) { return "hunter22", nil }
		start := time.Now()
		a = r.Deliver(t.Context(), letterTo(t, "ann@example.net"), noParts)
		if d := time.Since(start); d > r.Longest() {
			t.Errorf("one attempt took %v, more than the %v promised", d, r.Longest())
		}
		r.Close()
		s.open.Wait()
	})
	return a
}

// INV-C4, FLT-50: ten minutes are waited for after the end of the message.
func TestWaitsAfterTheDot(t *testing.T) {
	s := &script{at: "DOT", delay: 10 * time.Minute}
	if a := deliverOnce(t, s); a.Kind != tickets.VerdictSent || a.Code != "250 2.0.0" || a.Text != "queued as 17" {
		t.Errorf("answer after ten minutes: %+v", a)
	}
}

// IN-E05: an address can never become a parameter or a second command.
func TestEnvelopeIsQuoted(t *testing.T) {
	for to, want := range map[string]string{
		`a> SIZE=1@b.example`:             "",
		"a\r\nRCPT TO:<x@y.example>@b.c":  "",
		`a b@example.net`:                 `RCPT TO:<"a b"@example.net>`,
		`"a b"@example.net`:               `RCPT TO:<"a b"@example.net>`,
		`a"b@example.net`:                 `RCPT TO:<"a\"b"@example.net>`,
		`a@b@example.net`:                 `RCPT TO:<"a@b"@example.net>`,
		`x@bücher.example`:                `RCPT TO:<x@xn--bcher-kva.example>`,
		`x@example.net BODY=7BIT`:         "",
		`x`:                               "",
		`ann@example.net`:                 `RCPT TO:<ann@example.net>`,
		`x@[192.0.2.1]`:                   `RCPT TO:<x@[192.0.2.1]>`,
		"x@exa\x00mple.net":               "",
		strings.Repeat("x", 400) + `@b.c`: "",
	} {
		s := &script{}
		var a Answer
		synctest.Test(t, func(t *testing.T) {
			r := s.smtp()
			a = r.Deliver(t.Context(), letterTo(t, to), noParts)
			r.Close()
			s.open.Wait()
		})
		if want == "" {
			if a.Kind != tickets.VerdictNever || s.seen() != "" {
				t.Errorf("%q: %+v, commands %q", to, a, s.seen())
			}
		} else if !strings.Contains("\n"+s.seen()+"\n", "\n"+want+"\n") {
			t.Errorf("%q: commands %q lack %q", to, s.seen(), want)
		}
	}
}

// FLT-52: what a relay does not offer is not used, and what cannot go without it fails.
func TestExtensions(t *testing.T) {
	for _, c := range []struct{ to, offers, code string }{
		{"jürgen@example.net", "8BITMIME", "553 5.6.7"},
		{"jürgen@example.net", "SMTPUTF8", "250 2.0.0"},
		{"ann@example.net", "SIZE 100", "552 5.3.4"},
		{"ann@example.net", "SIZE 0", "250 2.0.0"},
		{"ann@example.net", "", "250 2.0.0"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{offers: c.offers}
			r := s.smtp()
			a := r.Deliver(t.Context(), letterTo(t, c.to), noParts)
			if a.Code != c.code {
				t.Errorf("%s with %q: %+v, want %s", c.to, c.offers, a, c.code)
			}
			r.Close()
			s.open.Wait()
		})
	}
}

// One connection serves many messages; when it died meanwhile, a new one is
// opened and the message is not delayed; a refused recipient does not spoil it.
func TestConnectionIsReused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		r := s.smtp()
		r.MaxPerConn = 3
		for n := range 6 {
			if a := r.Deliver(t.Context(), letterTo(t, "ann@example.net"), noParts); a.Kind != tickets.VerdictSent {
				t.Fatalf("message %d: %+v", n, a)
			}
		}
		if s.conns != 2 {
			t.Errorf("%d connections for 6 messages of at most 3 each", s.conns)
		}
		r.Deliver(t.Context(), letterTo(t, "ann@example.net"), noParts)
		_ = r.idle[0].conn.Conn.Close()
		if a := r.Deliver(t.Context(), letterTo(t, "ann@example.net"), noParts); a.Kind != tickets.VerdictSent {
			t.Errorf("after a dead connection: %+v", a)
		}
		<-time.After(r.timeouts().Idle + time.Second)
		synctest.Wait()
		if len(r.idle) != 0 {
			t.Error("an idle connection outlived its time")
		}
		r.Close()
		s.open.Wait()
	})
}

// A refused recipient ends his own transaction only: the next one on the same
// connection begins with RSET.
func TestRefusalDoesNotSpoilTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{at: "RCPT", say: "550 5.1.1 no such user"}
		r := s.smtp()
		for range 2 {
			if a := r.Deliver(t.Context(), letterTo(t, "ann@example.net"), noParts); a.Kind != tickets.VerdictNever || a.Code != "550 5.1.1" {
				t.Fatalf("%+v", a)
			}
		}
		r.Close()
		s.open.Wait()
		if s.conns != 1 || strings.Count(s.seen(), "RSET") != 1 {
			t.Errorf("%d connections:\n%s", s.conns, s.seen())
		}
	})
}

// INV-C3: a relay that takes the message and then is silent makes an ambiguous
// attempt; the retry sends the same octets.
func TestAmbiguousAttemptRepeatsTheSameOctets(t *testing.T) {
	s := &script{at: "DOT", say: "close"}
	for range 2 {
		if a := deliverOnce(t, s); a.Kind != tickets.VerdictLater {
			t.Fatalf("%+v", a)
		}
	}
	m := s.taken()
	if len(m) != 2 || m[0] != m[1] {
		t.Errorf("%d copies, equal: %v", len(m), len(m) == 2 && m[0] == m[1])
	}
}

// A message whose attachment cannot be read is never ended with a dot, and waits.
func TestBrokenAttachmentIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := draft("reply", tickets.MailReply)
		d.Parts = []tickets.AttachedPart{{Arrival: 1, Part: tickets.Part{Filename: "a.bin", Size: 50_000}}}
		c, err := (&Composer{}).Compose(d)
		if err != nil {
			t.Fatal(err)
		}
		s := &script{}
		r := s.smtp()
		o := letterTo(t, "ann@example.net")
		o.Content = c
		if a := r.Deliver(t.Context(), o, noParts); a.Kind != tickets.VerdictLater || !strings.Contains(a.Text, "attachment") {
			t.Errorf("%+v", a)
		}
		r.Close()
		s.open.Wait()
		if len(s.taken()) != 0 {
			t.Error("the relay took a cut message")
		}
	})
}

// INV-C9, IN-R03: without the TLS asked for nothing is sent, and no password in clear.
func TestNothingInClear(t *testing.T) {
	for _, c := range []struct{ offers, at, say string }{{"", "", ""}, {"STARTTLS", "STARTTLS", "454 4.7.0 no"}, {"STARTTLS", "STARTTLS", "220 go\r\n250 injected"}} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{offers: c.offers, at: c.at, say: c.say}
			r := s.smtp()
			r.TLS = TLSStart
			if a := r.Deliver(t.Context(), letterTo(t, "ann@example.net"), noParts); a.Kind != tickets.VerdictLater {
				t.Errorf("%+v: %+v", c, a)
			}
			r.Close()
			s.open.Wait()
			if strings.Contains(s.seen(), "MAIL") {
				t.Errorf("mail in clear: %s", s.seen())
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := &script{offers: "AUTH PLAIN LOGIN"}
		r := s.smtp()
		r.Login, r.Password = "bob", func(context.Context) (string, error) { return "hunter22", nil }
		if a := r.Deliver(t.Context(), letterTo(t, "ann@example.net"), noParts); a.Kind != tickets.VerdictLater || !strings.Contains(a.Text, "clear") {
			t.Errorf("%+v", a)
		}
		s.open.Wait()
		if strings.Contains(s.seen(), "AUTH") {
			t.Errorf("password in clear: %s", s.seen())
		}
	})
}

// IN-R02: a relay that repeats our password does not get it into the records.
func TestAnswerHoldsNoSecret(t *testing.T) {
	s := &script{at: "AUTH", say: "535 5.7.8 wrong: hunter22", offers: "AUTH PLAIN"}
	if a := deliverOnce(t, s); strings.Contains(fmt.Sprint(a), "hunter22") || a.Code != "535 5.7.8" {
		t.Errorf("%+v", a)
	}
}
