package ticketdb_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/cmd/maillab"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("POSTERN_TEST_OPEN"); path != "" {
		os.Exit(openElsewhere(path))
	}
	os.Exit(maillab.Main(m))
}

// noon is when the tests happen.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 123456000, time.UTC)

// lab is one database under test. Every promise of the contract is kept on both.
type lab struct {
	*testing.T
	*ticketdb.DB
	url string
	ctx context.Context
}

// both runs a test on SQLite and on PostgreSQL.
func both(t *testing.T, test func(l *lab)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(open(t, sqliteURL(t)))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(open(t, postgresURL(t)))
	})
}

func sqliteURL(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "postern.db") }

func postgresURL(t testing.TB) string {
	return maillab.SharedPostgres(t).NewDatabaseFrom(t, "schema", migrated)
}

// migrated fills the template database.
func migrated(url string) error {
	db, err := ticketdb.Open(context.Background(), ticketdb.Config{URL: url})
	if err != nil {
		return err
	}
	return db.Close()
}

func open(t *testing.T, url string) *lab {
	t.Helper()
	db, err := ticketdb.Open(t.Context(), ticketdb.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error("closing:", err)
		}
	})
	return &lab{T: t, DB: db, url: url, ctx: t.Context()}
}

// ok ends the test at an error.
func (l *lab) ok(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// tx runs f in a transaction that must succeed.
func (l *lab) tx(f func(tx tickets.Tx) error) {
	l.Helper()
	l.ok(l.Do(l.ctx, f))
}

// raw is a message in memory.
type raw struct{ *strings.Reader }

func (r raw) Size() int64 { return r.Reader.Size() }

func octets(s string) tickets.Raw { return raw{strings.NewReader(s)} }

// arrival is an arrival by SMTP with a key of its own.
func arrival(n int) tickets.Arrival {
	from := fmt.Sprintf("ann%d@example.net", n)
	return tickets.Arrival{
		Key: fmt.Sprintf("smtp:%d", n), Via: tickets.ViaSMTP, Role: tickets.RoleMX, Source: "mx",
		Peer: "192.0.2.1", From: &from, To: []string{"help@example.org"}, SHA256: "00", At: noon,
	}
}

// accepted stores a new arrival.
func (l *lab) accepted(a tickets.Arrival) int64 {
	l.Helper()
	id, known, err := l.Accept(l.ctx, a, octets("Subject: hello\r\n\r\nhello\r\n"))
	l.ok(err)
	if known || id == 0 {
		l.Fatalf("a new arrival: id %d, known %v", id, known)
	}
	return id
}

// ticket makes a ticket with its first event.
func (l *lab) ticket(subject string) (t tickets.Ticket) {
	l.Helper()
	l.tx(func(tx tickets.Tx) error {
		var err error
		if t, err = tx.CreateTicket(subject, noon); err != nil {
			return err
		}
		t, err = tx.Append(t, event(tickets.Created{Queue: "it", Priority: tickets.Normal}))
		return err
	})
	return t
}

func event(b tickets.Body) tickets.Event {
	return tickets.Event{At: noon, Cause: tickets.Cause{Arrival: 1}, Body: b}
}

// outgoing is a message of a ticket to participant 7.
func outgoing(ticket, seq int64, role string) tickets.Outgoing {
	return tickets.Outgoing{
		Key: tickets.OutKey(ticket, seq, role, "participant 7"), Ticket: ticket, Seq: seq, Role: role,
		Mail: tickets.MailAck, Queue: "it", To: "ann@example.net", Recipient: "participant 7",
		MessageID: fmt.Sprintf("m.%d.%d.%s@example.org", ticket, seq, role), At: noon,
		Content: tickets.Content{Segments: []tickets.Segment{
			{Literal: []byte("Subject: x\r\n\r\n")},
			{Arrival: 3, Part: &tickets.Part{Filename: "a.pdf", Offset: 10, Length: 20, Encoding: "base64"}},
		}},
	}
}

// queued puts messages into the outbox.
func (l *lab) queued(out ...tickets.Outgoing) (ids []int64) {
	l.Helper()
	l.tx(func(tx tickets.Tx) error {
		ids = nil
		for _, o := range out {
			id, err := tx.Enqueue(o)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	return ids
}

// claimed claims with a lease of a minute.
func (l *lab) claimed(at time.Time, n int) []tickets.Outgoing {
	l.Helper()
	out, err := l.Claim(l.ctx, tickets.Claim{Owner: "gw1", Max: n, Lease: time.Minute, At: at})
	l.ok(err)
	return out
}
