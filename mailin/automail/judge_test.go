package automail

import (
	"strings"
	"testing"
	"unicode/utf8"

	"postern/tickets"
)

// TestSigns asks each row of the table of policy section 6 on its own.
func TestSigns(t *testing.T) {
	null := ""
	h := func(name, value string) Mail { return Mail{Headers: []tickets.Header{{Name: name, Value: value}}} }
	from := func(addr string) Mail { return Mail{From: []tickets.Address{{Addr: addr}}} }
	tests := []struct {
		name         string
		m            Mail
		auto, answer bool
	}{
		{"nothing", Mail{}, false, true},
		{"null sender", Mail{EnvelopeFrom: &null}, true, false},
		{"report", Mail{ContentType: "multipart/report"}, true, false},
		{"delivery status part", Mail{ContentType: "multipart/mixed", Parts: []Part{{Type: "message/delivery-status"}}}, true, false},
		{"disposition part", Mail{Parts: []Part{{Type: "message/disposition-notification"}}}, true, false},
		{"feedback part", Mail{Parts: []Part{{Type: "message/feedback-report"}}}, true, false},
		{"Auto-Submitted no", h("Auto-Submitted", "No"), false, true},
		{"Auto-Submitted no with comment", h("auto-submitted", "no (really); x=y"), false, true},
		{"Auto-Submitted", h("AUTO-SUBMITTED", "Auto-Notified"), true, false},
		{"Auto-Submitted twice", Mail{Headers: []tickets.Header{{Name: "Auto-Submitted", Value: "no"}, {Name: "Auto-Submitted", Value: "auto-replied"}}}, true, false},
		{"X-Autoreply", h("X-Autoreply", "yes"), true, false},
		{"X-Autoresponder", h("X-Autoresponder", ""), true, false},
		{"X-AutoReply-From", h("X-AutoReply-From", "a@b.example"), true, false},
		{"X-Mail-Autoreply", h("X-Mail-Autoreply", "1"), true, false},
		{"X-POST-MessageClass", h("X-POST-MessageClass", "9; Autoresponder"), true, false},
		{"X-POST-MessageClass of people", h("X-POST-MessageClass", "1"), false, true},
		{"Delivered-To", h("Delivered-To", "Autoresponder"), true, false},
		{"Delivered-To of people", h("Delivered-To", "help@example.org"), false, true},
		{"Exchange rules agent", h("X-MS-Exchange-Generated-Message-Source", "Mailbox Rules Agent"), true, false},
		{"Preference", h("Preference", "auto_reply"), true, false},
		{"X-Precedence", h("X-Precedence", "auto_reply"), true, false},
		{"X-Failed-Recipients", h("X-Failed-Recipients", "x"), true, false},
		{"Precedence bulk alone", h("Precedence", "Bulk"), false, false},
		{"Precedence first-class", h("Precedence", "first-class"), false, true},
		{"Precedence list and List-Unsubscribe", Mail{Headers: []tickets.Header{{Name: "Precedence", Value: "list"}, {Name: "List-Unsubscribe", Value: "<x>"}}}, true, false},
		{"List-Id", h("List-Id", "<a.b>"), false, false},
		{"List-Help", h("List-Help", "<a>"), false, false},
		{"suppress all", h("X-Auto-Response-Suppress", "All"), false, false},
		{"suppress receipts", h("X-Auto-Response-Suppress", "RN, NRN"), false, true},
		{"rules loop alone", h("X-MS-Exchange-Inbox-Rules-Loop", "a@b.example"), false, true},
		{"calendar request", Mail{Parts: []Part{{Type: "text/calendar", Text: "METHOD:REQUEST"}}}, false, true},
		{"calendar counter", Mail{Parts: []Part{{Type: "text/calendar", Text: "BEGIN:VCALENDAR\r\nMETHOD:COUNTER\r\n"}}}, true, false},
		{"mailer-daemon", from("Mailer-Daemon@mx.example.org"), true, false},
		{"postmaster", from("postmaster@example.org"), false, false},
		{"no_reply", from("no_reply@example.org"), false, false},
		{"no-reply-orders", from("no-reply-orders@example.org"), false, false},
		{"bounces", from("bounces+1@example.org"), false, false},
		{"owner", from("owner-list@example.org"), false, false},
		{"request", from("list-request@example.org"), false, false},
		{"root", from("root@example.org"), false, false},
		{"people", from("annoreply@example.org"), false, false},
		{"roots", from("roots@example.org"), false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if v := Judge(tt.m); v.Automatic != tt.auto || v.MayAnswer != tt.answer {
				t.Errorf("automatic %v (%s), may answer %v (%s)", v.Automatic, v.Why, v.MayAnswer, v.WhyNot)
			}
		})
	}
}

// TestOutOfOffice tells subjects of programs from those of people who speak of them.
func TestOutOfOffice(t *testing.T) {
	yes := []string{"Automatic reply: printer", "Out of Office: Re: x", "Re: [IT #7] x (Out of office)", "Abwesenheitsnotiz: x", "Automatische Antwort: AW: x", "Absence du bureau : x",
		"Réponse automatique : x", "Respuesta automática: x", "Fuera de la oficina: x", "Risposta automatica: x", "Automatisch antwoord: x", "Resposta automática: x", "Automatyczna odpowiedź: x",
		"Автоматический ответ: x", "Автоматична відповідь: x", "Automatická odpověď: x", "Automatikus válasz: x", "Autosvar: x", "Automatiskt svar: x", "Automatisk svar: x", "Automaattinen vastaus: x",
		"Otomatik Yanıt: x", "自动答复: x", "自动回复：x", "自動回覆: x", "自動応答: x", "자동 회신: x", "I am out of office until Monday", "Ann Example is out of the office (returning 05/10)", "Urlaub: Re: x", "AUTO: Ann is out of the office", "Poissa"}
	no := []string{"", "Out of office assistant does not work", "Urlaubsantrag", "Urlaub im Mai eintragen", "Problem with automatic replies in Outlook", "away team jerseys", "My holiday request: approved?", "automatic reply feature is missing", "Ferienplanung: Fragen"}
	for _, s := range yes {
		if !outOfOffice(s) {
			t.Errorf("%q: not seen", s)
		}
	}
	for _, s := range no {
		if outOfOffice(s) {
			t.Errorf("%q: wrongly seen", s)
		}
	}
}

// FuzzAddHeader: one more field never makes an answer allowed, nor a machine a person.
func FuzzAddHeader(f *testing.F) {
	f.Add("Auto-Submitted", "auto-replied", "Subject", "x", "out of office")
	f.Add("Auto-Submitted", "no", "Precedence", "bulk", "")
	f.Add("X-Auto-Response-Suppress", "none", "X-Auto-Response-Suppress", "All", "")
	f.Fuzz(func(t *testing.T, name, value, name2, value2, subject string) {
		m := Mail{Subject: subject, Headers: []tickets.Header{{Name: name, Value: value}}}
		before := Judge(m)
		for _, hs := range [][]tickets.Header{
			{{Name: name, Value: value}, {Name: name2, Value: value2}},
			{{Name: name2, Value: value2}, {Name: name, Value: value}},
		} {
			m.Headers = hs
			after := Judge(m)
			if !before.MayAnswer && after.MayAnswer {
				t.Fatalf("%s: %q allows an answer that %s forbade", name2, value2, before.WhyNot)
			}
			if before.Automatic && !after.Automatic {
				t.Fatalf("%s: %q makes a person of %s", name2, value2, before.Why)
			}
			if after.Automatic && (after.MayAnswer || after.Why == "") || !after.MayAnswer && after.WhyNot == "" {
				t.Fatalf("verdict without reason: %+v", after)
			}
		}
	})
}

// FuzzBounce: whatever a report says, what is read of it is clean and bounded.
func FuzzBounce(f *testing.F) {
	f.Add("Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n", "<a@b.example>:\n550 no\n")
	f.Add("Final-Recipient: utf-8; \\x{E9}@b.example\nAction: \x00\n", "Delivered to a@b.example failed\n--- Below a copy\nMessage-ID: <x@y>\n")
	f.Add("0", "\x00@0")
	f.Fuzz(func(t *testing.T, status, text string) {
		v := Judge(Mail{ContentType: "multipart/report", Params: map[string]string{"report-type": "delivery-status"},
			Parts: []Part{{Type: "message/delivery-status", Text: status}}, Text: text})
		if !v.Automatic || v.MayAnswer || len(v.Bounces) > 2*maxBounces {
			t.Fatalf("%+v", v)
		}
		for _, b := range v.Bounces {
			for _, s := range []string{b.Recipient, b.Diagnostic, b.OriginalMessageID} {
				if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\n\r") || len(s) > 1000 {
					t.Fatalf("%q", s)
				}
			}
		}
	})
}

// TestBoth: MIME without fields, and text that is no mail, are judged in time.
func TestHostileText(t *testing.T) {
	for _, s := range []string{strings.Repeat("<a@b.example>:\n", 10_000), strings.Repeat("a@", 60_000), strings.Repeat(" ", 120_000) + "@", strings.Repeat("Final-Recipient: x\n\n", 6000)} {
		m := Mail{Text: s, Subject: "Undelivered", From: []tickets.Address{{Addr: "mailer-daemon@x.example"}}, Parts: []Part{{Type: "message/delivery-status", Text: s}}}
		if v := Judge(m); !v.Automatic || len(v.Bounces) > 2*maxBounces {
			t.Errorf("%d bounces", len(v.Bounces))
		}
	}
}
