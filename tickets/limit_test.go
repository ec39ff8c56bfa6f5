package tickets

import (
	"strings"
	"testing"
	"time"
)

// Policy section 6, as a table: what may leave, and why not.
func TestMaySend(t *testing.T) {
	l := DefaultLimits()
	tests := []struct {
		name string
		x    Sending
		why  string
	}{
		{"human mail passes limits", Sending{Mail: MailReply, LastDay: 9999, Instance: 9999, Quiet: "old", Dead: "gone"}, ""},
		{"but never to ourselves", Sending{Mail: MailReply, Own: true}, "our own"},
		{"security mail has its own budget", Sending{Mail: MailConfirmation, Instance: 9999, Agent: true}, ""},
		{"quiet", Sending{Mail: MailAck, Quiet: "older than 3 days"}, "older than"},
		{"machine sender", Sending{Mail: MailAck, NoAuto: "Auto-Submitted", ToSender: true}, "Auto-Submitted"},
		{"machine sender, other recipient", Sending{Mail: MailNotice, Agent: true, NoAuto: "Auto-Submitted"}, ""},
		{"receipt to an agent behind Exchange", Sending{Mail: MailReceipt, Agent: true, NoAuto: "X-Auto-Response-Suppress", ToSender: true}, ""},
		{"acknowledgement to somebody behind it", Sending{Mail: MailAck, Verified: true, NoAuto: "X-Auto-Response-Suppress", ToSender: true}, "Suppress"},
		{"receipts end at the limit of the instance", Sending{Mail: MailReceipt, Agent: true, Instance: 500}, "whole instance"},
		{"dead address", Sending{Mail: MailUpdate, Dead: "complaint"}, "complaint"},
		{"stopped", Sending{Mail: MailUpdate, Stopped: true}, "asked for no more"},
		{"acknowledged once", Sending{Mail: MailAck, Verified: true, AckDone: true}, "already"},
		{"unverified: one in 15 minutes", Sending{Mail: MailAck, LastQuarter: 1}, "15m"},
		{"unverified: five a day", Sending{Mail: MailAck, LastDay: 5}, "5 automatic mails a day"},
		{"unverified: four a day", Sending{Mail: MailAck, LastDay: 4}, ""},
		{"verified: ten an hour", Sending{Mail: MailUpdate, Verified: true, LastHour: 10, LastQuarter: 10}, "10 automatic mails an hour"},
		{"verified: nine an hour", Sending{Mail: MailUpdate, Verified: true, LastHour: 9, LastQuarter: 9}, ""},
		{"verified: thirty a day", Sending{Mail: MailUpdate, Verified: true, LastDay: 30}, "30 automatic mails a day"},
		{"one ticket, ten minutes", Sending{Mail: MailNotice, Agent: true, Windows: []int{10, 10, 10, 10}}, "10 mails of one ticket"},
		{"one ticket, three hours", Sending{Mail: MailNotice, Agent: true, Windows: []int{0, 0, 0, 50}}, "50 mails of one ticket"},
		{"one ticket, below", Sending{Mail: MailNotice, Agent: true, Windows: []int{9, 14, 24, 49}}, ""},
		{"instance", Sending{Mail: MailAck, Verified: true, Instance: 500}, "whole instance"},
		{"receipts count in no window", Sending{Mail: MailReceipt, Agent: true, Windows: []int{99}}, ""},
	}
	for _, tt := range tests {
		if got := MaySend(tt.x, l); (got == "") != (tt.why == "") || !strings.Contains(got, tt.why) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.why)
		}
	}
}

// IN-T09: only the exact tag of a queue of ours, once.
func TestIN_T09_SubjectTag(t *testing.T) {
	queues := testSettings().Queues
	for subject, want := range map[string]int64{
		"[IT #42] Printer":                      42,
		"Re: AW: [IT #42] Printer":              42,
		"[IT #42] fw: [IT #42]":                 42,
		"[HR #7]":                               7,
		"[IT #42] [HR #7]":                      0,
		"[IT #１２３]":                             0,
		"[IT #042]":                             0,
		"[IT #42 ]":                             0,
		"[it #42]":                              0,
		"IT #42":                                0,
		"[#42]":                                 0,
		"[XX #42]":                              0,
		"[IT #-42]":                             0,
		"[IT #" + strings.Repeat("9", 40) + "]": 0,
		"":                                      0,
	} {
		if got, ok := SubjectTag(subject, queues); got != want || ok != (want != 0) {
			t.Errorf("SubjectTag(%q) = %d, %v; want %d", subject, got, ok, want)
		}
	}
}

func TestSubjectKey(t *testing.T) {
	for in, want := range map[string]string{
		"Re: [IT #4] Printer  on fire": "printer on fire",
		"AW: WG: Printer on fire":      "printer on fire",
		"Sv: Re:printer on FIRE":       "printer on fire",
		"3:15 pm meeting":              "3:15 pm meeting",
		"note: this":                   "this",
		"":                             "",
	} {
		if got := subjectKey(in); got != want {
			t.Errorf("subjectKey(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPause(t *testing.T) {
	for n, want := range map[int]time.Duration{0: time.Second, 1: time.Second, 2: 4 * time.Second, 5: 256 * time.Second, 6: 10 * time.Minute, 99: 10 * time.Minute} {
		if got := pause(n); got != want {
			t.Errorf("pause(%d) = %v, want %v", n, got, want)
		}
	}
}
