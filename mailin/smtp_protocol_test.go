package mailin

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"postern/tickets"
)

// protocol runs f with a listener in a bubble of its own clock.
func protocol(t *testing.T, change func(*ListenerConfig), f func(*testing.T, *fakeDesk, *Listener, *pipeListener)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		l, pl := serve(t, d, change)
		f(t, d, l, pl)
	})
}

// IN-S01, IN-S02, IN-S03: of 64 ways to write the end of data only one ends it.
// What stands behind the others is text, never a command.
func TestIN_S02_EndOfDataGrid(t *testing.T) {
	ends := []string{"\r", "\n", "\r\n", "\n\r", "\r\x00\n", "\r\r\n", "", "\x00"}
	n := 0
	for _, before := range ends {
		for _, after := range ends {
			if before == "\r\n" && after == "\r\n" {
				continue
			}
			n++
			protocol(t, nil, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
				k := call(t, pl)
				k.deliver("250 ", "Subject: x\r\n\r\nline"+before+"."+after+
					"MAIL FROM:<evil@example.net>\r\nRCPT TO:<help@example.org>\r\nDATA\r\nsmuggled\r\n")
				k.ask("250 2.0.0 ", "NOOP")
				if got := d.texts(); len(got) != 1 || !strings.HasSuffix(got[0], "DATA\r\nsmuggled\r\n") {
					t.Errorf("%q . %q: stored %q", before, after, got)
				}
			})
		}
	}
	if n != 63 {
		t.Errorf("the grid has %d cases", n)
	}
}

// IN-S04, IN-S05: an empty message is a message; dots are unstuffed, lines may be long.
func TestIN_S05_OctetsAsSent(t *testing.T) {
	long := strings.Repeat("x", 3<<20)
	for name, c := range map[string]struct{ wire, want string }{
		"empty":      {"", ""},
		"dots":       {"..\r\n....\r\n..a.\r\n", ".\r\n...\r\n.a.\r\n"},
		"many dots":  {"." + strings.Repeat(".", 2000) + "\r\n", strings.Repeat(".", 2000) + "\r\n"},
		"bare":       {"a\rb\nc\n.\nd\r\n", "a\rb\nc\n.\nd\r\n"},
		"binary":     {"\x00\xff\xfe\r\n", "\x00\xff\xfe\r\n"},
		"long lines": {long + "\r\n" + long + "\r\n", long + "\r\n" + long + "\r\n"},
	} {
		protocol(t, nil, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
			call(t, pl).deliver("250 ", c.wire)
			if got := d.texts(); len(got) != 1 || got[0] != c.want {
				t.Errorf("%s: stored %.60q", name, got)
			}
		})
	}
}

// IN-S06: octets behind DATA are the message's, sent early or not; they are no commands.
func TestIN_S06_EarlyTalker(t *testing.T) {
	protocol(t, nil, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
		k := call(t, pl)
		k.begin("help@example.org")
		k.send("DATA\r\nMAIL FROM:<evil@example.net>\r\n.\r\nNOOP\r\n")
		k.want("354 ")
		k.want("250 ")
		k.want("250 2.0.0 ")
		if got := d.texts(); len(got) != 1 || got[0] != "MAIL FROM:<evil@example.net>\r\n" {
			t.Errorf("stored %q", got)
		}
	})
}

// IN-S08: a strange HELO harms neither the dialogue nor the arrival.
func TestIN_S08_Helo(t *testing.T) {
	for helo, want := range map[string]string{
		strings.Repeat("h", 600): strings.Repeat("h", 255),
		"<script>":               "<script>",
		"a\rb\x1b[2J":            "a?b?[2J",
		"[192.0.2.1]":            "[192.0.2.1]",
		"h\u00f6st\xff":          "h\u00f6st?",
	} {
		protocol(t, nil, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
			k := newTalk(t, pl.dial(peerAddr))
			k.want("220 ")
			k.ask("250 ", "EHLO %s", helo)
			k.deliver("250 ", letter)
			if got := d.last().Helo; got != want {
				t.Errorf("helo %q, want %q", got, want)
			}
		})
	}
}

// IN-S09: a command without end costs no memory and the connection.
func TestIN_S09_LongCommand(t *testing.T) {
	protocol(t, nil, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
		k := call(t, pl)
		k.send("NOOP " + strings.Repeat("x", 10<<20))
		k.want("500 5.5.2 ")
		k.want("")
		// between the chunks of a message too
		k = call(t, pl)
		k.begin("help@example.org")
		k.send("BDAT 5\r\nSubje" + "BDAT " + strings.Repeat("x", 10<<20))
		k.want("250 ")
		k.want("500 5.5.2 ")
		k.want("")
		if d.count() != 0 {
			t.Errorf("stored %q", d.texts())
		}
	})
}

// IN-S10, IN-S11, IN-S12: commands out of order, unknown ones and nosy ones.
func TestIN_S10_S12_Commands(t *testing.T) {
	protocol(t, nil, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
		k := newTalk(t, pl.dial(peerAddr))
		k.want("220 ")
		k.ask("502 5.5.1 ", "MAIL FROM:<ann@example.net>")
		k.ask("250 ", "EHLO x")
		k.ask("502 5.5.1 ", "RCPT TO:<help@example.org>")
		k.ask("502 5.5.1 ", "DATA")
		k.ask("250 ", "MAIL FROM:<ann@example.net>")
		k.ask("503 5.5.1 ", "MAIL FROM:<bob@example.net>")
		k.ask("502 5.5.1 ", "DATA")
		k.ask("252 ", "VRFY help")
		k.ask("502 5.5.1 ", "EXPN help")
		k.ask("502 5.5.1 ", "HELP")
		k.ask("502 5.5.1 ", "TURN")
		k.ask("500 5.5.2 ", "ETRN x")
		k.ask("501 5.5.2 ", "XCLIENT ADDR=127.0.0.1")
		k.ask("501 5.5.2 ", "XFORWARD ADDR=127.0.0.1")
		k.ask("250 ", "RSET")
		k.deliver("250 ", letter)
	})
}

// IN-S11: rubbish closes the connection after a few lines.
func TestIN_S11_Rubbish(t *testing.T) {
	for _, rubbish := range []string{"GET / HTTP/1.1", "\x16\x03\x01\x02\x00\x01", "\x00\x00\x00\x00\x00\x00", "I can break rules, too"} {
		protocol(t, nil, func(t *testing.T, _ *fakeDesk, l *Listener, pl *pipeListener) {
			k := call(t, pl)
			k.send(strings.Repeat(rubbish+"\r\n", 50))
			for n := 0; k.answer() != ""; n++ {
				if n > 6 {
					t.Fatalf("%q: still there after %d answers", rubbish, n)
				}
			}
		})
	}
}

// IN-S13: a peer that keeps us busy for nothing is sent away; one that works is not.
func TestIN_S13_Junk(t *testing.T) {
	for _, command := range []string{"NOOP", "RSET", "VRFY x", "RCPT TO:<nobody@example.org>", "EHLO x"} {
		protocol(t, nil, func(t *testing.T, _ *fakeDesk, _ *Listener, pl *pipeListener) {
			k := call(t, pl)
			k.ask("250 ", "MAIL FROM:<ann@example.net>")
			n, last := 0, ""
			for ; n < 1000; n++ {
				k.say("%s", command)
				if last = k.answer(); strings.HasPrefix(last, "421 4.7.0 ") || last == "" {
					break
				}
			}
			if n > 102 || !strings.HasPrefix(last, "421 4.7.0 ") {
				t.Errorf("%s: %d answers, the last %q", command, n, last)
			}
			k.want("")
		})
	}
	protocol(t, nil, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
		k := call(t, pl)
		for i := range 300 {
			k.deliver("250 ", fmt.Sprintf("Subject: %d\r\n\r\n", i))
		}
		if d.count() != 300 {
			t.Errorf("%d messages", d.count())
		}
	})
}

// IN-S15: a message of exactly the limit is taken, one octet more is drained and refused.
func TestIN_S15_Size(t *testing.T) {
	protocol(t, func(c *ListenerConfig) { c.MaxSize = 100000 }, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
		k := call(t, pl)
		k.ask("552 5.3.4 ", "MAIL FROM:<ann@example.net> SIZE=200000")
		k.ask("501 5.5.4 ", "MAIL FROM:<ann@example.net> SIZE=-1")
		k.ask("501 5.5.4 ", "MAIL FROM:<ann@example.net> SIZE=1e3")
		k.deliver("250 ", strings.Repeat("x", 99998)+"\r\n")
		k.deliver("552 5.3.4 ", strings.Repeat("x", 99999)+"\r\n")
		k.deliver("552 5.3.4 ", strings.Repeat(strings.Repeat("y", 998)+"\r\n", 6000)+"MAIL FROM:<evil@example.net>\r\n")
		k.ask("250 2.0.0 ", "NOOP")
		if d.count() != 1 {
			t.Errorf("%d stored", d.count())
		}
		k.ask("250 ", "MAIL FROM:<ann@example.net> SIZE=500")
		k.ask("250 ", "RCPT TO:<help@example.org>")
		k.ask("354 ", "DATA")
		k.send(letter + ".\r\n")
		k.want("250 ")
		if a := d.last(); len(a.Defects) != 1 || !strings.Contains(a.Defects[0], "SIZE= announced 500") {
			t.Errorf("defects %q", a.Defects)
		}
	})
}

// IN-S16: BDAT takes messages in chunks, empty ones too, and obeys the limit.
func TestIN_S16_BDAT(t *testing.T) {
	protocol(t, func(c *ListenerConfig) { c.MaxSize = 100000 }, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
		k := call(t, pl)
		k.begin("help@example.org")
		k.ask("250 ", "BDAT 0 LAST")
		k.begin("help@example.org")
		k.send("BDAT 9\r\nSubject: BDAT 0\r\nBDAT 8 LAST\r\nx\r\n.\r\n\r\n")
		k.want("250 ")
		k.want("250 ")
		k.want("250 ")
		k.begin("help@example.org")
		k.send("BDAT 60000\r\n" + strings.Repeat("x", 60000) + "BDAT 60000 LAST\r\n" + strings.Repeat("x", 60000))
		k.want("250 ")
		k.want("552 5.3.4 ")
		k.want("421 4.3.0 ") // see conn.reset
		k = call(t, pl)
		k.begin("help@example.org")
		k.send("BDAT 5\r\nhello")
		k.want("250 ")
		k.ask("250 ", "RSET") // taken back
		k.want("421 4.3.0 ")
		k = call(t, pl)
		for n, want := range map[int]string{100000: "250 ", 100001: "552 5.3.4 "} {
			k.begin("help@example.org")
			k.say("BDAT %d LAST", n)
			k.send(strings.Repeat("z", n))
			k.want(want)
		}
		k.deliver("250 ", letter)
		if got := d.texts(); len(got) != 4 || got[0] != "" || got[2] != "Subject: x\r\n.\r\n\r\n" {
			t.Errorf("stored %q", got)
		}
	})
}

// IN-S17, IN-S18: a hundred recipients are taken, the surplus may come again; the
// same one fifty times is still one message.
func TestIN_S17_Recipients(t *testing.T) {
	protocol(t, nil, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
		k := call(t, pl)
		k.ask("250 ", "MAIL FROM:<>")
		for i := range 100 {
			k.ask("250 ", "RCPT TO:<u%d@example.org>", i)
		}
		k.ask("452 4.5.3 ", "RCPT TO:<u100@example.org>")
		k.ask("354 ", "DATA")
		k.send(letter + ".\r\n")
		k.want("250 ")
		if a := d.last(); len(a.To) != 100 || *a.From != "" {
			t.Errorf("%d recipients from %q", len(a.To), *a.From)
		}
		many := []string{}
		for range 25 {
			many = append(many, "help@example.org", "Help+x@EXAMPLE.org")
		}
		k.begin(many...)
		k.ask("354 ", "DATA")
		k.send("x\r\n.\r\n")
		k.want("250 ")
		if d.count() != 2 || len(d.last().To) != 50 {
			t.Errorf("%d messages, %d recipients", d.count(), len(d.last().To))
		}
	})
}

// IN-S19: LMTP answers for each recipient, and one message is stored for all.
func TestIN_S19_LMTP(t *testing.T) {
	protocol(t, func(c *ListenerConfig) { c.LMTP, c.Role = true, tickets.RoleMTA }, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
		k := newTalk(t, pl.dial(peerAddr))
		k.want("220 ")
		k.ask("500 ", "EHLO x")
		k.ask("250 ", "LHLO x")
		for _, bdat := range []bool{false, true} {
			k.ask("250 ", "MAIL FROM:<ann@example.net>")
			k.ask("250 ", "RCPT TO:<help@example.org>")
			k.ask("550 5.1.1 ", "RCPT TO:<nobody@example.org>")
			k.ask("250 ", "RCPT TO:<other@example.org>")
			if bdat {
				k.send("BDAT 5 LAST\r\nhello")
			} else {
				k.ask("354 ", "DATA")
				k.send(letter + ".\r\n")
			}
			k.want("250 2.0.0 <help@example.org>")
			k.want("250 2.0.0 <other@example.org>")
		}
		if a := d.last(); d.count() != 2 || a.Via != tickets.ViaLMTP || len(a.To) != 2 {
			t.Errorf("%d arrivals, %+v", d.count(), a)
		}
		d.fail = func(tickets.Arrival) error { return tickets.ErrUnknown }
		k.begin("help@example.org", "other@example.org")
		k.ask("354 ", "DATA")
		k.send(letter + ".\r\n")
		k.want("451 4.3.0 ")
		k.want("451 4.3.0 ")
	})
}

// IN-S22, IN-S23, IN-S25, IN-E02 … IN-E05: which addresses are refused, and how.
func TestIN_S22_Addresses(t *testing.T) {
	for addr, want := range map[string]string{
		"<ann@elsewhere.example>":                       "550 5.7.1 ",
		"<ann%elsewhere.example@example.org>":           "550 5.7.1 ",
		"<elsewhere.example!ann@example.org>":           "550 5.7.1 ",
		`<"ann@elsewhere.example"@example.org>`:         "550 5.7.1 ",
		"<@elsewhere.example:help@example.org>":         "250 ",
		"<nobody@example.org>":                          "550 5.1.1 ",
		"<h\u00e9lp@example.org>":                       "553 5.6.7 ",
		`<"">`:                                          "501 ",
		`<""@example.org>`:                              "501 ",
		"<>":                                            "501 ",
		"<postmaster>":                                  "501 ", // the library insists on a domain
		"<" + strings.Repeat("x", 65) + "@example.org>": "501 5.1.3 ",
		"<x@" + strings.Repeat("d.", 130) + "org>":      "501 5.1.3 ",
		"<help@example.org> NOTIFY=NEVER X=Y":           "500 5.5.4 ",
		"<help@example.org> NOTIFY=NEVER":               "250 ",
		`<"a b"@example.org>`:                           "250 ",
		`<"a\"> SIZE=1"@example.org>`:                   "250 ",
		"<\"a\rb\"@example.org>":                        "501 5.1.3 ",
		"<help@example.org\x00>":                        "501 5.1.3 ",
	} {
		protocol(t, nil, func(t *testing.T, _ *fakeDesk, _ *Listener, pl *pipeListener) {
			k := call(t, pl)
			k.ask("250 ", "MAIL FROM:<>")
			k.say("RCPT TO:%s", addr)
			if got := k.answer(); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %q, want %q", addr, got, want)
			}
		})
	}
}

// IN-S25, IN-E04: with SMTPUTF8 such addresses are good; quoted ones are kept as they were.
func TestIN_S25_UTF8AndQuotes(t *testing.T) {
	protocol(t, nil, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
		k := call(t, pl)
		k.ask("553 5.6.7 ", "MAIL FROM:<\u00e4nn@example.net>")
		k.ask("250 ", "MAIL FROM:<\u00e4nn@example.net> SMTPUTF8 BODY=8BITMIME")
		k.ask("250 ", "RCPT TO:<h\u00e9lp@example.org>")
		k.ask("250 ", `RCPT TO:<"a \"b\\"@example.org>`)
		k.ask("354 ", "DATA")
		k.send(letter + ".\r\n")
		k.want("250 ")
		a := d.last()
		if *a.From != "\u00e4nn@example.net" || a.To[0] != "h\u00e9lp@example.org" || a.To[1] != `"a \"b\\"@example.org` {
			t.Errorf("envelope %q %q", *a.From, a.To)
		}
		k.ask("501 5.1.7 ", "MAIL FROM:<%s@example.net>", strings.Repeat("x", 65))
	})
}

// IN-S27: a hundred Received fields pass, one more is a loop.
func TestIN_S27_Received(t *testing.T) {
	protocol(t, nil, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
		k := call(t, pl)
		hop := "RECEIVED : from x\r\n by y; now\r\n"
		k.deliver("250 ", strings.Repeat(hop, 100)+"\r\nReceived: in the body\r\n")
		k.deliver("554 5.4.6 ", strings.Repeat(hop, 101)+"\r\n")
		if d.count() != 1 {
			t.Errorf("%d stored", d.count())
		}
	})
}
