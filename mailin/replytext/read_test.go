package replytext

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// gmail is a reply as Gmail writes it, with its HTML part.
const gmail = `<div dir="ltr">%</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">` +
	`On Fri, May 3, 2024 at 10:12 AM Help &lt;<a href="mailto:help@example.org">help@example.org</a>&gt; wrote:<br></div>` +
	`<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204)">What is the number?<br>Yours</blockquote></div>`

func page(own string) string { return strings.Replace(gmail, "%", own, 1) }

// TestReply cuts the visible reply out of mails as programs write them.
func TestReply(t *testing.T) {
	tests := []struct {
		name  string
		in    Input
		reply string
		why   string // its beginning
	}{
		{"nothing quoted", plain("Hello,\n\nit broke.\n"), "Hello,\n\nit broke.", "end of text"},
		{"wrapped German attribution", plain("Geht nicht.\n\nAm Fr., 3. Mai 2024 um 10:12 Uhr schrieb Ann Example <\nann@example.org>:\n\n> Bitte testen\n> Gruß\n"),
			"Geht nicht.", "attribution line (de): "},
		{"attribution without empty line above", plain("Thanks!\nOn Fri, May 3, 2024 at 10:12 AM Ann Example\n<ann@example.org> wrote:\n> q\n"),
			"Thanks!", "attribution line (en): "},
		{"attribution over unmarked quote", plain("Thanks!\n\nOn 3 May 2024, at 10:12, Ann Example <ann@example.org> wrote:\n\nquestion\n"),
			"Thanks!", "attribution line (en): "},
		{"bottom posting", plain("On Fri, May 3, 2024 at 10:12 AM Ann <ann@example.org> wrote:\n> q\n\nanswer here.\n"),
			"answer here.", "end of text; above: attribution line (en)"},
		{"inline answers keep their questions", plain("On 3 May 2024 Ann wrote:\n> one?\n\nyes\n\n> two?\n\nno\n-- \nBob\n"),
			"> one?\n\nyes\n\n> two?\n\nno", `signature: "--`},
		{"inline answers under a greeting", plain("Hi Ann, see below.\n\nOn 3 May 2024 Ann wrote:\n> one?\n\nyes\n\n> rest\n"),
			"Hi Ann, see below.\n\nOn 3 May 2024 Ann wrote:\n> one?\n\nyes", "quoted lines: "},
		{"a hard-wrapped quote is no answer", plain("ok\n\nOn 3 May 2024 Ann wrote:\n> " + strings.Repeat("long ", 14) + "\nline\n> and more\n"),
			"ok", "attribution line (en)"},
		{"Outlook header block", plain("Done.\n\nBob\n\n________________________________\nFrom: Help <help@example.org>\nSent: Friday, May 3, 2024 10:12 AM\nTo: Bob\nSubject: Re: x\n\nold\n"),
			"Done.\n\nBob", `header block (en): "From: Help`},
		{"German header block without line", plain("Erledigt.\n\nVon: Help <help@example.org>\nGesendet: Freitag, 3. Mai 2024 10:12\nAn: Bob\nBetreff: AW: x\n\nalt\n"),
			"Erledigt.", "header block (de)"},
		{"original message", plain("Ja.\n\n-----Ursprüngliche Nachricht-----\nVon: Help\nBetreff: x\n\nalt\n"), "Ja.", "original-message line (de)"},
		{"our separator", plain("Ja.\n\n##- Bitte über dieser Zeile antworten -##\n\nalt\n"), "Ja.", `separator: "##- Bitte`},
		{"signature", plain("Yes.\n-- \nBob\nhttp://example.org\n"), "Yes.", `signature: "--`},
		{"mobile footer", plain("Yes.\n\nSent from my iPhone\n"), "Yes.", "mobile footer (en)"},
		{"mobile footer above a quote", plain("Ja.\n\nVon meinem iPhone gesendet\n\n> Am 03.05.2024 um 10:12 schrieb Ann <ann@example.org>:\n> \n> alt\n"), "Ja.", "quoted lines: "},
		{"GroupWise", plain("Yes.\n\n>>> Ann Example <ann@example.org> 03.05.2024 10:12 >>>\nold\n"), "Yes.", "attribution line"},
		{"only a quote: all is shown", plain("> one\n> two\n"), "> one\n> two\n", "nothing but quotes"},
		{"only a footer: all is shown", plain("Sent from my iPhone\n"), "Sent from my iPhone\n", ""},
		{"a filled-in form is no header block", plain("Name: Bob\nEmail: bob@example.net\nDate: 3 May 2024 10:12\nPhone: 1\n\nHelp me\n"),
			"Name: Bob\nEmail: bob@example.net\nDate: 3 May 2024 10:12\nPhone: 1\n\nHelp me", "end of text"},
		{"a journey is no header block", plain("Book this:\n\nFrom: Munich\nTo: Berlin\nDate: 3 May 2024 10:12\n\nplease\n"),
			"Book this:\n\nFrom: Munich\nTo: Berlin\nDate: 3 May 2024 10:12\n\nplease", "end of text"},
		// Forms that were met in the test mails of other reply parsers, in our own words.
		{"attribution with a leading blank, right below the reply", plain("Thanks\n On Mar 8, 2012 9:59 AM, \"Example.com\" <\nr+7f1b094ceb90e18cca93d53d3703feae@example.com> wrote:\n\n\n>**\n>  x"), "Thanks", "attribution line (en)"},
		{"ISO date", plain("ok\n\n2014-10-17 11:28 GMT+03:00 Post <\npost@example.org>:\n\n> x\n>\n"), "ok", "attribution line"},
		{"unknown word for writing", plain("ok\n\nOn 11-Apr-2011, at 6:54 PM, Ann <ann@example.org> sent:\n\n>\n> x\n"), "ok", "attribution line"},
		{"three lines", plain("ok\n\nOn Nov 30, 2011, at 12:47 PM, Somebody <\n416ffd3258d4d2fa4c85cfa4c44e1721d66e3e8f4@example.org>\nwrote:\n\nx\n"), "ok", "attribution line (en)"},
		{"attribution between dashes", plain("ok\n\n---- On Wed, 24 Feb 2021 14:02:50 +0530 ann@example.org wrote ----\n\nx"), "ok", "original-message line (en)"},
		{"Norwegian, unmarked", plain("ok\nPå 14 september 2015 på 02:23:18, Rudy (rudy@example.org) skrev:\n\nx\n"), "ok", "attribution line (sv/da/nb)"},
		{"Polish, two lines", plain("ok\n\nW dniu 28 stycznia 2015 01:53 użytkownik Zoe <zoe@example.org>\nnapisał:\n\nx\n"), "ok", "attribution line (pl)"},
		{"bold and folded header block", plain("Hi\n\n  *From:* bob@example.com [mailto:\n  bob@example.com]\n  *Sent:* Wednesday, June 27, 2012 3:05 PM\n  *To:* ann@example.com\n  *Subject:* Hello\n\nx"), "Hi", "header block (en)"},
		{"Samsung, two fields on one line", plain("ok\n\n-------- Message d'origine --------\nDe : A <a@example.org>\nDate : 23/06/24  10:46  (GMT+01:00)\nÀ : b@example.org Objet : x\n\ny"), "ok", "original-message line (fr)"},
		{"dates are no quotes", plain("Formats that may fail:\n\n2024-01-15 14:30:25\n15.01.2024 14:30\nJan 15, 2024 at 14:30\n\nThat is all."), "Formats that may fail:\n\n2024-01-15 14:30:25\n15.01.2024 14:30\nJan 15, 2024 at 14:30\n\nThat is all.", "end of text"},
		{"signature alone below a quote: all is shown", plain("On Mon, Feb 1, 2016 at 6:32 PM, Ann <ann@example.org> wrote:\n\n> x\n\n--\nBob\n"), "On Mon, Feb 1, 2016 at 6:32 PM, Ann <ann@example.org> wrote:\n\n> x\n\n--\nBob\n", "nothing but quotes"},
		{"verb before the date", plain("ok\n\nAnn B <ann@example.org> schrieb am So., 23.\nJuni 2024, 21:08:\n\n> x\n"), "ok", "attribution line (de)"},
		{"a rule between the writer's words", plain("one\n\n" + strings.Repeat("_", 60) + "\n\ntwo\n\nOn July 28, 2026, Ann <a@example.org> wrote:\n> x\n"), "one\n\n" + strings.Repeat("_", 60) + "\n\ntwo", "attribution line (en)"},
		{"words about From", plain("Mails come from: a@example.com and From: b@example.com\n\nFrom: our database\n\nend"), "Mails come from: a@example.com and From: b@example.com\n\nFrom: our database\n\nend", "end of text"},
		{"list footer", plain("ok\n\n" + strings.Repeat("_", 47) + "\nusers mailing list\nhttps://lists.example.org/users\n"), "ok", "list footer"},
		{"two fields below a rule", Input{HTML: "Reply<div><hr/><div><font><b>From: bob@example.com</b><br><b>Date: Thu, 24 Mar 2016 08:07:12 -0700</b></font></div><div>x</div></div>"}, "Reply", "header block (en"},
		{"attribution inside a nameless blockquote", Input{HTML: "Reply<blockquote><div>On 11-Apr-2011, at 6:54 PM, Bob &lt;bob@example.com&gt; wrote:</div><div>x</div></blockquote>"}, "Reply", "quoted lines"},
		{"Gmail quote without blockquote", Input{HTML: `Reply<div class="gmail_quote"><div class="gmail_quote">On 11-Apr-2011, at 6:54 PM, Bob &lt;bob@example.com&gt; wrote:<div>x</div></div></div>`}, "Reply", "attribution line (en)"},
		{"The Bat!", plain("Hello Ann,\n\nFriday, May 3, 2024, 10:12:00 AM, you wrote:\n\nAE> one?\n\nyes\n\nAE> two?\n\nno\n"), "Hello Ann,\n\nFriday, May 3, 2024, 10:12:00 AM, you wrote:\n\nAE> one?\n\nyes\n\nAE> two?\n\nno", "end of text; above"},
		{"Proton Mail", plain("ok\n\nSent with Proton Mail secure email.\n\nOn Friday, May 3rd, 2024 at 10:12, Ann <ann@example.org> wrote:\n\n> x\n"), "ok", "attribution line (en)"},
		{"QQ", plain("好的\n\n------------------ 原始邮件 ------------------\n发件人: \"Ann\" <ann@example.org>;\n发送时间: 2024年5月3日(星期五) 上午10:12\n收件人: \"Bob\";\n主题: x\n\ny"), "好的", "original-message line (zh)"},
		{"Yandex", plain("да\n\n03.05.2024, 10:12, \"Ann\" <ann@example.org>:\n> x\n"), "да", "attribution line"},
		{"Evolution", plain("ja\n\nAm Freitag, dem 03.05.2024 um 10:12 +0200 schrieb Ann:\n> x\n"), "ja", "attribution line (de)"},
		{"footer of a rare device", plain("ok\n\n(Sent from my TI-85)\n"), "ok", "mobile footer (en)"},
		{"a sentence about sending is no footer", plain("The parcel was sent from our office in Bonn."), "The parcel was sent from our office in Bonn.", "end of text"},
		{"Gmail page", Input{HTML: page("It is 42.<br><br>Bob")}, "It is 42.\n\nBob", "html: div.gmail_quote"},
		{"Gmail page beside text", Input{HasPlain: true, Plain: "It is 42.\n\nOn Fri, May 3, 2024 at 10:12 AM Help <help@example.org> wrote:\n\n> What is the number?\n> Yours\n", HTML: page("It is 42.")},
			"It is 42.", "html: div.gmail_quote"},
		{"Outlook page", Input{HTML: `<div>Done.</div><div id="appendonsend"></div><hr style="display:inline-block"><div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Help &lt;help@example.org&gt;<br><b>Sent:</b> Friday, May 3, 2024 10:12 AM<br><b>To:</b> Bob<br><b>Subject:</b> x</div><div>old</div>`},
			"Done.", "html: div#appendonsend"},
		{"Apple page", Input{HTML: `Fine.<br><blockquote type="cite"><div>On 3 May 2024, at 10:12, Help &lt;help@example.org&gt; wrote:</div><div>old</div></blockquote>`},
			"Fine.", "html: blockquote type=cite"},
		{"Thunderbird bottom posting", Input{HTML: `<div class="moz-cite-prefix">On 5/3/24 10:12, Help wrote:<br></div><blockquote type="cite" cite="mid:x"><p>old</p></blockquote><p>New at the bottom</p>`},
			"New at the bottom", "end of text; above: html: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Read(tt.in)
			if got := r.Text[r.Start:r.End]; got != tt.reply {
				t.Errorf("reply %q\nwant  %q\nwhy %s", got, tt.reply, r.Why)
			}
			if !strings.HasPrefix(r.Why, tt.why) {
				t.Errorf("why %q, want %q…", r.Why, tt.why)
			}
		})
	}
}

func plain(s string) Input { return Input{Plain: s, HasPlain: true} }

// check asks what is promised of every reading.
func check(t *testing.T, r Reading) {
	t.Helper()
	if !utf8.ValidString(r.Text) || strings.ContainsRune(r.Text, 0) {
		t.Fatalf("text is not clean: %q", r.Text)
	}
	if r.Start < 0 || r.Start > r.End || r.End > len(r.Text) {
		t.Fatalf("bounds %d..%d of %d", r.Start, r.End, len(r.Text))
	}
	if reply := r.Text[r.Start:r.End]; !utf8.ValidString(reply) || isBlank(reply) && !isBlank(r.Text) {
		t.Fatalf("reply %q of %q", reply, r.Text)
	}
}
