package mailin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"postern/tickets"
)

// fakeDesk is a desk and a ledger in memory that keeps the contract of
// tickets.Store: one arrival per key, the cursor in the same step.
type fakeDesk struct {
	t testing.TB

	mu       sync.Mutex
	now      time.Time // at start
	start    time.Time
	arrivals []tickets.Arrival
	bodies   map[string]string // by key
	shown    int               // how often anything was shown, copies too
	fail     func(tickets.Arrival) error

	boxes   map[string]tickets.Mailbox
	noted   map[tickets.Cursor]tickets.UIDState
	pending map[tickets.Cursor]int
	ledger  error // what every ledger call answers
	journal []string
	signal  chan struct{} // something was accepted
}

func newDesk(t testing.TB) *fakeDesk {
	return &fakeDesk{
		t: t, start: time.Now(), now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
		bodies: map[string]string{}, boxes: map[string]tickets.Mailbox{},
		signal: make(chan struct{}, 1),
		noted:  map[tickets.Cursor]tickets.UIDState{}, pending: map[tickets.Cursor]int{},
	}
}

// Now runs with the bubble's clock, from another day.
func (d *fakeDesk) Now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now.Add(time.Since(d.start))
}

func (d *fakeDesk) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

func (d *fakeDesk) Accept(_ context.Context, a tickets.Arrival, raw tickets.Raw) error {
	body := make([]byte, raw.Size())
	if _, err := io.ReadFull(io.NewSectionReader(raw, 0, raw.Size()), body); err != nil {
		d.t.Errorf("raw cannot be read: %v", err)
	}
	sum := sha256.Sum256(body)
	if hex.EncodeToString(sum[:]) != a.SHA256 || a.Size != int64(len(body)) {
		d.t.Errorf("arrival says %d octets %s, raw has %d octets", a.Size, a.SHA256, len(body))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shown++
	if d.fail != nil {
		if err := d.fail(a); err != nil {
			return err
		}
	}
	if c := a.Cursor; c != nil {
		d.journal = append(d.journal, fmt.Sprintf("ACCEPT %d", c.UID))
		d.raise(*c)
		delete(d.pending, *c)
	}
	if _, known := d.bodies[a.Key]; known {
		return nil
	}
	d.bodies[a.Key] = string(body)
	d.arrivals = append(d.arrivals, a)
	select {
	case d.signal <- struct{}{}:
	default:
	}
	return nil
}

// await waits until n messages were accepted.
func (d *fakeDesk) await(n int) {
	d.t.Helper()
	late := time.After(30 * time.Second)
	for d.count() < n {
		select {
		case <-d.signal:
		case <-late:
			d.t.Fatalf("%d messages accepted, want %d", d.count(), n)
		}
	}
}

func boxKey(account, mailbox string) string { return account + "\x00" + mailbox }

func (d *fakeDesk) raise(c tickets.Cursor) {
	k := boxKey(c.Account, c.Mailbox)
	mb := d.boxes[k]
	if mb.UIDValidity == c.UIDValidity {
		mb.High = max(mb.High, c.UID)
		d.boxes[k] = mb
	}
}

func (d *fakeDesk) Mailbox(_ context.Context, account, mailbox string) (tickets.Mailbox, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ledger != nil {
		return tickets.Mailbox{}, d.ledger
	}
	mb, ok := d.boxes[boxKey(account, mailbox)]
	if !ok {
		return mb, tickets.ErrNotFound
	}
	return mb, nil
}

func (d *fakeDesk) StartMailbox(_ context.Context, m tickets.Mailbox) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ledger != nil {
		return d.ledger
	}
	d.boxes[boxKey(m.Account, m.Mailbox)] = m
	return nil
}

func (d *fakeDesk) NoteUID(_ context.Context, c tickets.Cursor, state tickets.UIDState, _ string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ledger != nil {
		return d.ledger
	}
	d.noted[c] = state
	if state == tickets.UIDPending {
		d.pending[c]++
	} else {
		delete(d.pending, c)
	}
	d.raise(c)
	return nil
}

// booked is what became of a UID that was not accepted.
func (d *fakeDesk) booked(c tickets.Cursor) (state tickets.UIDState, tries int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.noted[c], d.pending[c]
}

func (d *fakeDesk) PendingUIDs(_ context.Context, c tickets.Cursor) (map[uint32]int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ledger != nil {
		return nil, d.ledger
	}
	list := map[uint32]int{}
	for at, n := range d.pending {
		if at.Account == c.Account && at.Mailbox == c.Mailbox && at.UIDValidity == c.UIDValidity {
			list[at.UID] = n
		}
	}
	return list, nil
}

// texts lists what was accepted, sorted.
func (d *fakeDesk) texts() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Values(d.bodies))
}

func (d *fakeDesk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.arrivals)
}

func (d *fakeDesk) last() tickets.Arrival {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.arrivals) == 0 {
		d.t.Fatal("nothing was accepted")
	}
	return d.arrivals[len(d.arrivals)-1]
}

func testSpool(t testing.TB) *SpoolDir {
	t.Helper()
	d, err := OpenSpool(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// testLog writes to the test's log.
func testLog(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}
