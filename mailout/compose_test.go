package mailout

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"postern/tickets"
)

var opened = time.Date(2026, 11, 2, 13, 3, 0, 0, time.UTC)

// draft is a draft as the Desk makes it, for an agent or the requester Ann.
func draft(role string, kind tickets.MailKind) tickets.Draft {
	q := tickets.Queue{Name: "it", Display: "IT Helpdesk", Tag: "IT", Addresses: []string{"help@example.org"}, Language: "en"}
	ann := tickets.Participant{ID: 1, Address: "ann@example.net", Name: "Ann Smith", Verified: true}
	d := tickets.Draft{Role: role, Mail: kind, At: opened, Queue: q, Instance: "test", Domain: "example.org",
		Ticket:    tickets.Ticket{ID: 42, Subject: "Printer on fire", Status: tickets.Open, Priority: tickets.Normal, Entries: 3},
		Recipient: tickets.Recipient{Address: ann.Address, Name: ann.Name, Participant: 1, Verified: true},
		ReplyTo:   "help+t42.abc@example.org", MessageID: "42.7.abc@example.org", InReplyTo: "first@example.net",
		References: []string{"first@example.net"}, Subject: "Printer on fire", Requester: ann, Mark: "test; k1; abcdef"}
	if kind == tickets.MailNotice || kind == tickets.MailReceipt || kind == tickets.MailRefusal || kind == tickets.MailConfirmation || kind == tickets.MailDigest {
		d.Recipient = tickets.Recipient{Address: "bob@example.org", Name: "Bob Jones", Agent: "bob", Verified: true}
	}
	return d
}

// octets assembles a message whose attachments are made by contents.
func octets(t testing.TB, c tickets.Content) []byte {
	t.Helper()
	var b bytes.Buffer
	open := func(_ int64, p tickets.Part) (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(pattern{}, p.Size)), nil
	}
	if err := Write(&b, c, open); err != nil {
		t.Fatal(err)
	}
	if got, want := Size(c), int64(b.Len()); got != want {
		t.Errorf("Size says %d, Write wrote %d", got, want)
	}
	return b.Bytes()
}

// pattern is an endless attachment.
type pattern struct{}

func (pattern) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func compose(t testing.TB, d tickets.Draft) string {
	t.Helper()
	c, err := (&Composer{}).Compose(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(octets(t, c))
}

// Composing twice gives the same octets: a retry is the same mail.
func TestComposeIsPure(t *testing.T) {
	d := draft("ack", tickets.MailAck)
	d.Parts = []tickets.AttachedPart{{Arrival: 1, Part: tickets.Part{Filename: "a.pdf", ContentType: "application/pdf", Size: 1000}}}
	if a, b := compose(t, d), compose(t, d); a != b {
		t.Error("two compositions differ")
	}
}

// INV-D4: an address that has not proved itself gets no word of a stranger.
func TestUnverifiedSeesNoStrangersWord(t *testing.T) {
	const canary = "CANARY"
	for _, role := range Roles() {
		for _, kind := range []tickets.MailKind{tickets.MailAck, tickets.MailUpdate, tickets.MailReminder} {
			d := draft(role, kind)
			d.Recipient.Verified = false
			d.Recipient.Name, d.Subject, d.Ticket.Subject = canary, canary, canary
			d.Requester.Name, d.Why, d.Returned, d.Nonce = canary, canary, canary, canary
			d.Lines = []string{canary}
			d.References = []string{canary + "@example.net"}
			d.Entry = &tickets.Entry{Kind: tickets.EntryMessage, Text: canary, From: tickets.Address{Name: canary}}
			d.History = []tickets.Entry{*d.Entry}
			d.Parts = []tickets.AttachedPart{{Arrival: 1, Part: tickets.Part{Filename: canary}}}
			d.Omitted = []tickets.Part{{Filename: canary}}
			d.Links = []tickets.MailLink{{Word: canary, Address: "x@example.org"}}
			if m := compose(t, d); strings.Contains(m, canary) {
				t.Errorf("%s as %s to an unverified address says:\n%s", role, kind, m)
			}
		}
	}
}

// No template can tell people outside what an agent's client quoted; agents read it all.
func TestQuotesAreAgentsReading(t *testing.T) {
	d := draft("update", tickets.MailUpdate)
	e := tickets.Entry{Kind: tickets.EntryReply, State: tickets.EntryVisible, Agent: "bob", Text: "Come down.\n\n> a note", End: 10}
	d.Entry, d.History = &e, []tickets.Entry{e}
	if v := values(d); v.Entry.Full != "Come down." || v.Entry.Cut || v.History[0].Full != "Come down." {
		t.Errorf("to Ann: %+v", v)
	}
	d.Recipient = tickets.Recipient{Agent: "bea", Address: "bea@example.org", Verified: true}
	if v := values(d); !strings.Contains(v.Entry.Full, "a note") || !v.Entry.Cut {
		t.Errorf("to an agent: %+v", v)
	}
}
