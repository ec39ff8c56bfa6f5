package mailcorpus

import "postern/tickets"

// machines are the automatic mails in one language.
func machines(l Language) []Cell {
	h := func(kv ...string) (hs []tickets.Header) {
		for i := 0; i < len(kv); i += 2 {
			hs = append(hs, tickets.Header{Name: kv[i], Value: kv[i+1]})
		}
		return hs
	}
	status := "Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; " + addr + "\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n"
	away := l.fill(l.away)
	return []Cell{
		{Client: "Exchange", Language: l.Code, Style: "away", Subject: away, Null: true, Plain: l.Own(), Reply: l.Own(), Auto: true, Away: true,
			Headers: h("Auto-Submitted", "auto-generated", "X-Auto-Response-Suppress", "All")},
		{Client: "Outlook 2003", Language: l.Code, Style: "away", Subject: away, Plain: l.Own(), Reply: l.Own(), Away: true},
		{Client: "Sieve", Language: l.Code, Style: "away", Subject: "Re: " + subject, Plain: l.Own(), Reply: l.Own(), Auto: true,
			Headers: h("Auto-Submitted", "auto-replied (vacation)", "Precedence", "bulk")},
		{Client: "Exchange", Language: l.Code, Style: "bounce", Subject: subject, Null: true, Plain: l.Own() + "\n\n" + addr + "\n", Reply: l.Own() + "\n\n" + addr, Auto: true, Bounce: addr, Status: status},
		{Client: "qmail", Language: l.Code, Style: "bounce", Subject: "failure notice", Null: true, Auto: true, Bounce: addr,
			Plain: paragraphs(l.own)[1] + "\n\n<" + addr + ">:\nRemote host said: 550 5.1.1 User unknown\n\n--- Below this line is a copy of the message.\n\nMessage-ID: <t7.1@help.example.com>\n"},
	}
}
