package tickets

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// errandTx is an outbox in memory: what post needs of a transaction and nothing else.
type errandTx struct {
	Tx
	dead   string
	sent   int // automatic mails of the last hour
	outbox map[string]Outgoing
}

func (t *errandTx) ParticipantOf(a Address) (Participant, error) {
	return Participant{ID: 7, Address: a.Addr, Name: a.Name, Dead: t.dead}, nil
}

func (t *errandTx) CountSent(Count) (int, error) { return t.sent, nil }

func (t *errandTx) Alone(string) error { return nil }

func (t *errandTx) Enqueue(o Outgoing) (int64, error) {
	if _, there := t.outbox[o.Key]; !there {
		t.outbox[o.Key] = o
	}
	return 1, nil
}

func (t *errandTx) OutgoingByMessageID(string) (Outgoing, error) { return Outgoing{}, ErrNotFound }

func errandDesk(s *Settings) (*Desk, *[]Draft) {
	var drafts []Draft
	return &Desk{Settings: func() *Settings { return s }, Keys: func() Keyring { return testKeys }, Log: slog.New(slog.DiscardHandler),
		Compose: func(d Draft) (Content, error) {
			drafts = append(drafts, d)
			if strings.Contains(d.Recipient.Address, " ") {
				return Content{}, ErrUnwritable
			}
			return Content{}, nil
		}}, &drafts
}

// An errand leaves once for each key; what forbids it is named.
func TestErrandLimits(t *testing.T) {
	s := testSettings()
	s.Limits = DefaultLimits()
	bob := Recipient{Address: "bob@example.org", Agent: "bob", Verified: true}
	for _, tt := range []struct {
		name string
		x    errand
		dead string
		sent int
		why  string
	}{
		{"a list", errand{mail: MailReceipt, to: bob}, "", 0, ""},
		{"a digest", errand{mail: MailDigest, to: bob}, "", 499, ""},
		{"beyond the limit", errand{mail: MailDigest, to: bob}, "", 500, "limit of the whole instance"},
		{"always", errand{mail: MailDigest, to: bob, always: true}, "", 500, ""},
		{"an alarm", errand{mail: MailAlarm, to: Recipient{Address: "root@example.org", Verified: true}}, "", 9000, ""},
		{"security mail", errand{mail: MailRefusal, to: bob}, "", 500, ""},
		{"to ourselves", errand{mail: MailAlarm, to: Recipient{Address: "help@example.org"}}, "", 0, "one of our own"},
		{"a dead address", errand{mail: MailDigest, to: bob}, "a complaint", 0, "not written to any more"},
		{"no address", errand{mail: MailDigest}, "", 0, "no address"},
		{"an unwritable one", errand{mail: MailDigest, to: Recipient{Address: "b ob@example.org"}}, "", 0, "no mail can be written"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, _ := errandDesk(s)
			tx := &errandTx{dead: tt.dead, sent: tt.sent, outbox: map[string]Outgoing{}}
			tt.x.key, tt.x.queue = "list/1/agent bob", s.Queues[0]
			var why string
			for range 2 {
				var err error
				if why, err = d.postOr(tx, tt.x, time.Unix(0, 0)); err != nil {
					t.Fatal(err)
				}
			}
			if (why == "") != (tt.why == "") || !strings.Contains(why, tt.why) {
				t.Errorf("withheld: %q, want %q", why, tt.why)
			}
			if want := map[bool]int{true: 1}[tt.why == ""]; len(tx.outbox) != want {
				t.Errorf("%d mails in the outbox, want %d", len(tx.outbox), want)
			}
		})
	}
}

// What it says of itself: signed for no ticket, so that an answer threads nowhere.
func TestErrandThreadsNowhere(t *testing.T) {
	s := testSettings()
	s.Limits = DefaultLimits()
	d, drafts := errandDesk(s)
	tx := &errandTx{outbox: map[string]Outgoing{}}
	x := errand{key: "list/9/agent bob", role: "list", mail: MailReceipt, queue: s.Queues[0], subject: "Your list", answers: "asked@example.org",
		to: Recipient{Address: "bob@example.org", Agent: "bob", Verified: true}, items: []Item{{Ticket: 3}}}
	if err := d.post(tx, x, time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	o, draft := tx.outbox[x.key], (*drafts)[0]
	if draft.InReplyTo != x.answers || draft.ReplyTo != "" || draft.Ticket.ID != 0 || len(draft.Items) != 1 {
		t.Errorf("draft %+v", draft)
	}
	if o.Recipient != "agent bob" || o.Ticket != 0 || o.MessageID != draft.MessageID {
		t.Errorf("outgoing %+v", o)
	}
	if _, err := d.ownID(tx, o.MessageID); !errors.Is(err, ErrNotFound) {
		t.Errorf("its Message-ID threads: %v", err)
	}
	token, _ := s.tokenText(o.From)
	if tok, err := d.signer().Read(token); err != nil || tok.Purpose != ForBounce || tok.Ticket != 0 || tok.Participant != 7 {
		t.Errorf("return path %s: %+v, %v", o.From, tok, err)
	}
}
