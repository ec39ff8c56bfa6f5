package tickets

import (
	"testing"
	"time"
)

// What a limit's refusal is worth telling follows from the words of MaySend itself.
func TestTrip(t *testing.T) {
	l := DefaultLimits()
	for _, c := range []struct {
		what        string
		x           Sending
		flag, alarm bool
	}{
		{"nothing withheld", Sending{Mail: MailNotice, Agent: true}, false, false},
		{"a stranger who writes twice", Sending{Mail: MailAck, LastQuarter: 1}, false, false},
		{"a stranger's sixth", Sending{Mail: MailAck, LastDay: 5}, true, true},
		{"a known one's eleventh", Sending{Mail: MailUpdate, Verified: true, LastHour: 10}, true, true},
		{"a known one's day", Sending{Mail: MailUpdate, Verified: true, LastDay: 30}, true, true},
		{"a ticket's eleventh", Sending{Mail: MailNotice, Agent: true, Windows: []int{10}}, true, true},
		{"the instance", Sending{Mail: MailNotice, Agent: true, Instance: 500}, false, true},
		{"a crowd", Sending{Mail: MailNotice, Agent: true, Quiet: "limit: more than 10 tickets"}, false, true},
		{"acknowledged already", Sending{Mail: MailAck, Verified: true, AckDone: true}, false, false},
		{"a dead address", Sending{Mail: MailUpdate, Dead: "limit of patience"}, false, false},
	} {
		if flag, alarm := Trip(MaySend(c.x, l)); flag != c.flag || alarm != c.alarm {
			t.Errorf("%s: flag %v, alarm %v", c.what, flag, alarm)
		}
	}
}

// Only a person's mail of a ticket is told to be late, counted from when it might leave.
func TestDelayed(t *testing.T) {
	four := 4 * time.Hour
	for _, c := range []struct {
		what  string
		o     Outgoing
		after time.Duration
		want  bool
	}{
		{"a reply after four hours", Outgoing{Ticket: 1, Mail: MailReply, At: noon.Add(-four)}, four, true},
		{"a second before", Outgoing{Ticket: 1, Mail: MailReply, At: noon.Add(time.Second - four)}, four, false},
		{"held for a while first", Outgoing{Ticket: 1, Mail: MailReply, At: noon.Add(-four), NotBefore: noon.Add(-time.Hour)}, four, false},
		{"a notice", Outgoing{Ticket: 1, Mail: MailNotice, At: noon.Add(-2 * four)}, four, false},
		{"of no ticket", Outgoing{Mail: MailReply, At: noon.Add(-2 * four)}, four, false},
		{"never told", Outgoing{Ticket: 1, Mail: MailReply, At: noon.Add(-2 * four)}, 0, false},
	} {
		if got := Delayed(c.o, noon, c.after); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}

// Mails without a subject have nothing in common; "Re:" alone says nothing either.
func TestStormKey(t *testing.T) {
	for subject, want := range map[string]string{noSubject: "", "Re: ": "", "Re: VPN  down": "vpn down", "": ""} {
		if got := stormKey(subject); got != want {
			t.Errorf("stormKey(%q) = %q", subject, got)
		}
	}
}
