package replytext

import (
	"strings"
	"testing"
)

// TestWhichPart: which part is the text, and whose commands count.
func TestWhichPart(t *testing.T) {
	long := "<p>#close</p><p>" + strings.Repeat("The page says what the mail is about. ", 12) + "</p>"
	for _, c := range []struct {
		why, plain, html string
		text, command    string // how they begin
		disagree         bool
	}{
		{"far shorter than the page and no part of it", "This mail needs a newer program.", long, "#close", "#close", false},
		{"short, names HTML, stands nowhere in the page", "Bitte HTML einschalten", "<p>#close</p>", "#close", "#close", false},
		{"names HTML, as the page does: a person wrote it", "The HTML is broken", "<p>The HTML is broken</p>", "The HTML", "The HTML", false},
		{"a text that commands has a say whatever it is", "#spam", long, "#close", "#close", true},
		{"short, but HTML is not its matter", "Hello", "<p>#close</p>", "Hello", "#close", true},
		{"empty: nothing was said", " \n", "<p>#close</p>", "#close", "#close", false},
		{"the beginning of the page: a program cut it", "The page says what", strings.Replace(long, "#close", "Hi", 1), "The page", "Hi", false},
	} {
		r := Read(Input{Plain: c.plain, HasPlain: true, HTML: c.html})
		if !strings.HasPrefix(r.Text, c.text) || !strings.HasPrefix(r.CommandText, c.command) || r.Disagree != c.disagree {
			t.Errorf("%s: text %.30q, command text %.30q, disagree %v", c.why, r.Text, r.CommandText, r.Disagree)
		}
	}
}

// TestIntroduces: an attribution has its signs, prose that has some of them is none.
func TestIntroduces(t *testing.T) {
	for _, c := range []struct {
		why, line string
		marked    bool // marked quotes follow
		want      bool
	}{
		{"date, time, address, word", "On 3 May 2024 at 10:12, Ann <a@b.example> wrote:", false, true},
		{"no word known, but all three others", "2024-05-03 10:12 Ann <a@b.example> blah:", false, true},
		{"opener, date and word", "On 3 May 2024 Ann wrote:", false, true},
		{"word and colon, no date: prose", "Ann wrote:", false, false},
		{"the same above marked quotes", "Ann wrote:", true, true},
		{"date and colon: a plan", "Meeting of 3 May 2024:", false, false},
		{"date, time and colon: a plan with a time", "Meeting, 3 May 2024, 10:12:", false, false},
		{"the same above marked quotes", "Meeting, 3 May 2024, 10:12:", true, true},
		{"no colon, no word", "See you on 3 May 2024 at 10:12", false, false},
		{"colon above marked quotes, nothing else", "You say:", true, false},
		{"German", "Am 3. Mai 2024 um 10:12 schrieb Ann <a@b.example>:", false, true},
		{"French, blank before the colon", "Le 3 mai 2024 à 10:12, Ann <a@b.example> a écrit :", false, true},
		{"Japanese, wide colon", "2024年5月3日 10:12 Ann <a@b.example> のメール：", false, true},
		{"Turkish, word before the name", "Ann <a@b.example>, 3 May 2024 10:12 tarihinde şunu yazdı:", false, true},
	} {
		if _, ok := introduces(c.line, c.marked); ok != c.want {
			t.Errorf("%s: %q: %v", c.why, c.line, ok)
		}
	}
}

// TestFooter: a footer is one short line with a word for sending and a device.
func TestFooter(t *testing.T) {
	for _, c := range []struct {
		why, line string
		want      bool
	}{
		{"word and device", "Sent from my iPhone", true},
		{"a device nobody listed, but the sender's own", "Sent from my TI-85", true},
		{"program", "Get Outlook for Android", true},
		{"Microsoft's short link alone", "Download it here https://aka.ms/o0ukef", true},
		{"German", "Von meinem iPhone gesendet", true},
		{"Hungarian, word last", "Küldve az iPhone-omról", true},
		{"Chinese, no blanks", "发自我的iPhone", true},
		{"link behind the words", "Sent from Yahoo Mail (https://mail.yahoo.example/app)", true},
		{"emphasised", "*Sent from my Galaxy*", true},
		{"word without device: prose", "I sent it yesterday", false},
		{"device without word: prose", "My iPhone is broken", false},
		{"more than twelve words: prose", "I sent the printer drivers from my phone to the office and nobody got them", false},
		{"more than one sentence: prose", "Sent it. From my phone. Thanks.", false},
		{"a colon: what follows matters", "Sent from my iPhone:", false},
		{"empty", "", false},
	} {
		if _, ok := footer(c.line); ok != c.want {
			t.Errorf("%s: %q: %v", c.why, c.line, ok)
		}
	}
}

// TestDelimiter: the signature delimiter of RFC 3676, blanks lost or added.
func TestDelimiter(t *testing.T) {
	for line, want := range map[string]bool{"-- ": true, "--": true, "--\u00A0": true, "-- \t": true, "---": false, "-- Ann": false, "- -": false, "": false, " --": false} {
		if isDelimiter(line) != want {
			t.Errorf("%q: %v", line, !want)
		}
	}
}

// TestHidden: what a page hides for certain, what it may hide, what it shows.
func TestHidden(t *testing.T) {
	for _, c := range []struct {
		why, page string
		text      string // with hidden text marked
		command   string
	}{
		{"nothing hidden", `<p>a</p>`, "a", "a"},
		{"under a condition: shown, but no command", `<style>@media print{.b{display:none}}</style><p class=b>x</p><p>a</p>`, "x\n\na", "a"},
		{"half a grey is seen", `<p style="color:#888">a</p>`, "a", "a"},
		{"opacity of a third is seen", `<p style="opacity:0.3">a</p>`, "a", "a"},
		{"opacity of nothing is not", `<p style="opacity:0">x</p>a`, "[hidden] x [/hidden]\n\na", "a"},
		{"height of nothing alone does not clip", `<div style="height:0">a</div>`, "a", "a"},
		{"with overflow it does", `<div style="height:0;overflow:hidden">x</div>a`, "[hidden] x [/hidden]\na", "a"},
		{"moved a little is seen", `<p style="margin-left:-5px">a</p>`, "a", "a"},
		{"moved away is not", `<p style="text-indent:-9999px">x</p>a`, "[hidden] x [/hidden]\n\na", "a"},
		{"Word's own way", `<p style="mso-hide:all">x</p>a`, "[hidden] x [/hidden]\n\na", "a"},
		{"hidden again inside", `<div style="display:none"><p style="display:block">x</p></div>a`, "[hidden] x [/hidden]\n\na", "a"},
	} {
		r := Read(Input{HTML: c.page})
		if r.Text != c.text || strings.TrimSpace(r.CommandText) != c.command {
			t.Errorf("%s: %q, command text %q", c.why, r.Text, r.CommandText)
		}
	}
}

// TestUnsigned: a line that is passed over may bear no sign that sign looks for.
func TestUnsigned(t *testing.T) {
	for line, want := range map[string]bool{
		"Just some words of a mail.": true, "2 of them, and so on, ": true,
		"From: a@b.example": false, "-- ": false, "---- Forwarded message ----": false, "> quoted": false,
		"##- reply above -##": false, "Wrote：": false, "Hello!": false, "": false, "  indented": false, "______": false,
	} {
		if unsigned(line) != want {
			t.Errorf("%q: %v", line, !want)
		}
	}
}

// TestWordIndex: the first word of the list wins, wherever it stands; borders hold.
func TestWordIndex(t *testing.T) {
	ix := newIndex([]word{{"forwarded", "en"}, {"for", "x"}, {"转发", "zh"}, {"weiter", "de"}})
	for _, c := range []struct {
		s    string
		b    borders
		want string
	}{
		{"for the forwarded mail", whole, "en"}, {"forwarded for you", whole, "en"}, {"for it", whole, "x"}, {"before", whole, ""}, {"before", anywhere, "x"},
		{"weitergeleitet", whole, ""}, {"weitergeleitet", stems, "de"}, {"这是转发的", whole, "zh"}, {"", anywhere, ""}, {"f", anywhere, ""},
	} {
		if w, ok := ix.find(c.s, c.b); w.code != c.want || ok != (c.want != "") {
			t.Errorf("%q: %q", c.s, w.code)
		}
	}
}

// TestLanguageOf: script, then function words, then the line above the quote.
func TestLanguageOf(t *testing.T) {
	for _, c := range []struct{ why, text, want string }{
		{"too few words", "OK", ""},
		{"words of one language", "The printer is broken and we have no paper", "en"},
		{"words that two languages share: unsure", "de la", ""},
		{"German", "Der Drucker ist nicht da und wir brauchen ihn bitte", "de"},
		{"script alone", "프린터가 고장났습니다", "ko"},
		{"kana among Han", "プリンターが壊れました。確認してください", "ja"},
		{"Han alone", "打印机坏了请帮忙", "zh"},
		{"letters of Ukrainian", "Принтер не працює, і ми не знаємо чому", "uk"},
		{"Cyrillic without them", "Принтер не работает и мы не знаем почему", "ru"},
		{"the attribution tells", "OK\n\nAm 3. Mai 2024 um 10:12 schrieb Ann <a@b.example>:\n> x", "de"},
		{"capitals are the same words", "THE PRINTER IS BROKEN AND WE HAVE NO PAPER", "en"},
	} {
		if r := Read(Input{Plain: c.text, HasPlain: true}); r.Language != c.want {
			t.Errorf("%s: %q: %q, want %q", c.why, c.text, r.Language, c.want)
		}
	}
}
