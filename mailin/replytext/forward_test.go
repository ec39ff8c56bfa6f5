package replytext

import (
	"testing"
	"time"

	"postern/tickets"
)

// TestForwarded takes the original out of forwards.
func TestForwarded(t *testing.T) {
	at := time.Date(2024, 5, 3, 10, 12, 0, 0, time.UTC)
	ann := tickets.Address{Name: "Ann Example", Addr: "ann@example.org"}
	tests := []struct {
		name string
		in   Input
		want *tickets.Forwarded
	}{
		{"Gmail", plain("FYI\n\n---------- Forwarded message ---------\nVon: Ann Example <ann@Example.ORG>\nDate: Fr., 3. Mai 2024 um 10:12 Uhr\nSubject: Drucker\nTo: <help@example.com>\n\n\nEr brennt.\n"),
			&tickets.Forwarded{From: ann, Date: at, Subject: "Drucker", Text: "Er brennt."}},
		{"folded subject, no empty line", plain("---------- Forwarded message ----------\nFrom: Ann Example <ann@example.org>\nDate: Fri, May 3, 2024 at 10:12 AM\nSubject: Two\nlines\nTo: rob@example.com\nText\n"),
			&tickets.Forwarded{From: ann, Date: at, Subject: "Two lines", Text: "Text"}},
		{"Apple, quoted", plain("Begin forwarded message:\n\n> From: Ann Example <ann@example.org>\n> Subject: Printer\n> Date: 3 May 2024 at 10:12:00 CEST\n> To: help@example.com\n> \n> It burns.\n> > old\n"),
			&tickets.Forwarded{From: ann, Date: at, Subject: "Printer", Text: "It burns.\n> old"}},
		{"Outlook by its block, nothing above", plain("From: Ann Example [mailto:ann@example.org]\nSent: Friday, May 3, 2024 10:12 AM\nTo: Bob\nSubject: Printer\n\nIt burns.\n"),
			&tickets.Forwarded{From: ann, Date: at, Subject: "Printer", Text: "It burns."}},
		{"Outlook by its prefix", Input{HasPlain: true, Subject: "WG: Drucker", Plain: "Bitte erledigen.\n\nVon: Ann Example <ann@example.org>\nGesendet: Freitag, 3. Mai 2024 10:12\nAn: Bob\nBetreff: Drucker\n\nEr brennt.\n"},
			&tickets.Forwarded{From: ann, Date: at, Subject: "Drucker", Text: "Er brennt."}},
		{"an answer is no forward", Input{HasPlain: true, Subject: "AW: WG: Drucker", Plain: "Erledigt.\n\nVon: Ann Example <ann@example.org>\nGesendet: Freitag, 3. Mai 2024 10:12\nAn: Bob\nBetreff: WG: Drucker\n\nEr brennt.\n"}, nil},
		{"VS is an answer in Finnish", Input{HasPlain: true, Subject: "VS: Tulostin", Plain: "Kiitos.\n\nLähettäjä: Ann Example <ann@example.org>\nLähetetty: perjantai 3. toukokuuta 2024 10.12\nVastaanottaja: Bob\nAihe: Tulostin\n\nx\n"}, nil},
		{"VS is a forward in Danish", Input{HasPlain: true, Subject: "VS: Printer", Plain: "Tak.\n\nFra: Ann Example <ann@example.org>\nSendt: 3. maj 2024 10:12\nTil: Bob\nEmne: Printer\n\nx\n"},
			&tickets.Forwarded{From: ann, Date: at, Subject: "Printer", Text: "x"}},
		{"a forward inside a quote is none", plain("ok\n\nOn 3 May 2024, at 10:12, Bob <bob@example.com> wrote:\n> ---------- Forwarded message ---------\n> From: Ann <ann@example.org>\n> Date: 3 May 2024 10:12\n> Subject: x\n> To: b\n> \n> y\n"), nil},
		{"Exchange without address", plain("FYI\n\n-----Weitergeleitete Nachricht-----\nVon: Ann Example\nGesendet: Freitag, 3. Mai 2024 10:12\nAn: Bob\nBetreff: Drucker\n\nx\n"),
			&tickets.Forwarded{From: tickets.Address{Name: "Ann Example", Guessed: true}, Date: at, Subject: "Drucker", Text: "x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Read(tt.in)
			switch got := r.Forwarded; {
			case (got == nil) != (tt.want == nil):
				t.Errorf("got %+v, want %+v (%s)", got, tt.want, r.Why)
			case got != nil && *got != *tt.want:
				t.Errorf("got  %+v\nwant %+v (%s)", *got, *tt.want, r.Why)
			}
		})
	}
}

// TestParseDate reads dates as header blocks have them.
func TestParseDate(t *testing.T) {
	want := time.Date(2024, 5, 3, 22, 12, 0, 0, time.UTC)
	for _, tt := range []struct{ s, code string }{
		{"Friday, May 3, 2024 10:12 PM", "en"}, {"5/3/2024 10:12 PM", "en"}, {"3/5/2024 22:12", "es"}, {"03.05.24 22:12", "de"}, {"Sat, 4 May 2024 00:12:00 +0200", "en"},
		{"2024-05-03 22:12", ""}, {"2024年5月3日 22:12", "zh"}, {"2024年5月3日 下午10:12", "zh"}, {"2024년 5월 3일 금요일 오후 10:12", "ko"}, {"2024. május 3., péntek 22:12", "hu"},
		{"mar. 3 mai 2024 22:12", "fr"}, {"martes, 3 de mayo de 2024 22:12", "es"}, {"pátek 3. května 2024 22:12", "cs"}, {"piątek, 3 maja 2024 22:12", "pl"}, {"3 мая 2024 г. 22:12", "ru"},
		{"3 травня 2024 р. 22:12", "uk"}, {"perjantai 3. toukokuuta 2024 22.12", "fi"}, {"3 Mayıs 2024 Cuma 22:12", "tr"}, {"May 3rd, 2024, 22:12", "en"}, {"22:12, 3 May 2024", "en"},
	} {
		if got := parseDate(tt.s, tt.code); !got.Equal(want) {
			t.Errorf("%q: %s", tt.s, got)
		}
	}
	for _, s := range []string{"", "yesterday", "2024", "99/99/2024", "May 2024"} {
		if got := parseDate(s, "en"); !got.IsZero() {
			t.Errorf("%q: %s", s, got)
		}
	}
}

// TestLanguage tells languages by script, by function words, by the attribution.
func TestLanguage(t *testing.T) {
	tests := []struct{ text, want string }{
		{"The printer is on fire and we have no water, please help.", "en"},
		{"Der Drucker brennt und wir haben kein Wasser, bitte helfen Sie.", "de"},
		{"L'imprimante est en feu et nous avons une panne avec les autres.", "fr"},
		{"プリンターが燃えています。", "ja"}, {"打印机着火了。", "zh"}, {"프린터가 불타고 있습니다.", "ko"},
		{"Принтер горит и это очень плохо для нас.", "ru"}, {"Принтер горить і це погано для нас.", "uk"},
		{"ok", ""}, {"12345", ""},
		{"ok\n\nAm 3. Mai 2024 um 10:12 schrieb Ann <ann@example.org>:\n> x", "de"},
	}
	for _, tt := range tests {
		if r := Read(plain(tt.text)); r.Language != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, r.Language, tt.want)
		}
	}
}

// TestFlowed joins flowed lines (RFC 3676), and keeps what is fixed.
func TestFlowed(t *testing.T) {
	tests := []struct {
		in     string
		delsp  bool
		joined string
	}{
		{"one \ntwo\nthree", false, "one two\nthree"},
		{"on \ne", true, "one"},
		{">> a \n>> b\n> c", false, ">> a b\n> c"},
		{" >stuffed\n From x", false, ">stuffed\nFrom x"},
		{"text \n-- \nsig", false, "text \n-- \nsig"},
		{"> a \nb", false, "> a \nb"},
	}
	for _, tt := range tests {
		if got := unflow(tt.in, tt.delsp); got != tt.joined {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.joined)
		}
	}
}

// TestPlaceholder prefers the page to a text part that only says there is one.
func TestPlaceholder(t *testing.T) {
	page := "<p>" + "The real words of this mail are here, and there are many of them to be read by everybody. " + "And more of them follow, and more, and more, and more, and yet more, until it is enough to tell, or so we hope at least. " +
		"Nobody would have written all of this into the page and nothing of it into the text part.</p>"
	for _, tt := range []struct {
		plain string
		html  bool
	}{{"", true}, {" \n", true}, {"Your mail program cannot show HTML.", true}, {"The real words of this mail", false}, {"Short", true}} {
		r := Read(Input{HasPlain: true, Plain: tt.plain, HTML: page})
		if got := r.Text != tt.plain; got != tt.html {
			t.Errorf("%q: text %q", tt.plain, r.Text)
		}
	}
	if r := Read(plain("<html><body><p>x</p></body></html>")); r.Text != "x" {
		t.Errorf("source in the text part: %q", r.Text)
	}
}
