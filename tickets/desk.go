package tickets

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// Rules is what the Desk asks of a rule set: pure, bounded, never panicking.
type Rules interface {
	// Decide says what the rules want done about the facts.
	Decide(Facts) Decision
	// NextDue says when a timer rule next looks at the ticket; zero for never.
	NextDue(Facts) time.Time
}

// A Desk tells the story of each message: Accept makes it durable, Digest makes
// it a ticket, in one transaction each. It reads the time once at the door of
// each method and hands it down. All fields but Verify, Format, Wake and Log are needed.
type Desk struct {
	Store Store
	Parse func(context.Context, Arrival, Raw) Message
	// Verify looks at a message of a source whose Trust asks for it, with the DNS of the
	// moment; it never fails. nil verifies nothing.
	Verify func(context.Context, Arrival, Raw) *Findings
	// Format makes the HTML of an agent's reply (Entry.HTML); without it replies are
	// relayed as text.
	Format   func(Message) string
	Rules    func() Rules
	Compose  func(Draft) (Content, error)
	Settings func() *Settings
	Keys     func() Keyring
	// Nonce makes 128 random bits, spelled for a mail.
	Nonce func() string
	Now   func() time.Time
	// Wake tells the courier that there is something to send.
	Wake func()
	Log  *slog.Logger

	owed owed     // failures that are not booked yet
	days daysSeen // morning lists that were seen to
}

// now is the moment of the door: UTC, microseconds.
func (d *Desk) now() time.Time { return d.Now().UTC().Truncate(time.Microsecond) }

// Accept makes an arrival durable and then digests it. A nil error is the
// promise that the message is on disk; what becomes of it afterwards never
// changes the answer. Whoever hangs up meanwhile does not abort the digest.
func (d *Desk) Accept(ctx context.Context, a Arrival, raw Raw) error {
	a.At = d.now()
	if a.Trust.Verify && d.Verify != nil {
		a.Verified = d.Verify(ctx, a, raw)
	}
	id, known, err := d.Store.Accept(ctx, a, raw)
	if err != nil {
		return fmt.Errorf("accepting a message: %w", err)
	}
	d.Log.Info("message accepted", "arrival", id, "via", a.Via, "source", a.Source, "size", raw.Size(), "known", known)
	if known {
		return nil
	}
	// The sweeper takes up what fails here; the arrival is safe.
	_ = d.Digest(context.WithoutCancel(ctx), id)
	return nil
}

// Digest makes an accepted arrival an entry, or books what else became of it.
// An arrival that is digested already is no error. When it fails, the arrival
// stays new with the error and the time of the next attempt.
func (d *Desk) Digest(ctx context.Context, id int64) error {
	at := d.now()
	a, attempts, err := d.Store.Begin(ctx, id, at)
	if errors.Is(err, ErrTaken) {
		return nil
	} else if err != nil {
		return fmt.Errorf("arrival %d: %w", id, err)
	}
	err = d.read(ctx, a, attempts, at)
	switch {
	case err == nil, errors.Is(err, ErrTaken):
		d.wake()
		return nil
	default:
		return d.failed(ctx, id, attempts, at, err)
	}
}

// read parses outside any transaction and digests inside one. A panic is an
// error like any other, so that the mails behind this one flow on.
func (d *Desk) read(ctx context.Context, a Arrival, attempts int, at time.Time) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &guilty{fmt.Errorf("panic: %v", p)}
		}
	}()
	if attempts > d.limits().Attempts {
		return d.Store.Do(ctx, func(tx Tx) error { return d.unreadable(tx, a, at) })
	}
	raw, err := d.Store.Raw(ctx, a.ID)
	if err != nil {
		return fmt.Errorf("raw octets: %w", err)
	}
	m := d.Parse(ctx, a, raw)
	if slices.Contains(m.Defects, DefectReadError) {
		return errors.New("raw octets: not readable to their end") // the store's fault, not the message's
	}
	return d.Store.Do(ctx, func(tx Tx) error {
		return d.digest(tx, a.ID, m, at)
	})
}

// guilty marks an error as the message's own: its attempts count.
type guilty struct{ err error }

func (g *guilty) Error() string { return g.err.Error() }
func (g *guilty) Unwrap() error { return g.err }

// failed books a failed attempt. Only an error of reading or deciding counts;
// a database that failed is nobody's fault, and a newer gateway's events wait
// for an upgrade.
func (d *Desk) failed(ctx context.Context, id int64, attempts int, at time.Time, err error) error {
	var g *guilty
	f := Failure{Err: err.Error(), Counted: errors.As(err, &g), State: StateNew, Next: at.Add(pause(attempts))}
	d.Log.Error("message not digested", "arrival", id, "attempt", attempts, "counted", f.Counted, "err", err)
	if ferr := d.Store.Fail(ctx, id, f); ferr != nil {
		d.owed.add(id, f)
		return fmt.Errorf("arrival %d: %w (and %w)", id, err, ferr)
	}
	return fmt.Errorf("arrival %d: %w", id, err)
}

// pause grows with the attempts: 1 s, 4 s, 16 s, ... at most ten minutes.
func pause(attempts int) time.Duration {
	return min(time.Second<<(2*min(max(attempts-1, 0), 10)), 10*time.Minute)
}

// Sweep digests what is due again, at most n arrivals, and reports how many it
// looked at. One that fails does not stop the others.
func (d *Desk) Sweep(ctx context.Context, n int) (int, error) {
	d.owed.pay(ctx, d.Store)
	ids, err := d.Store.Due(ctx, d.now(), n)
	if err != nil {
		return 0, fmt.Errorf("looking for arrivals to digest: %w", err)
	}
	for _, id := range ids {
		if ctx.Err() != nil {
			return len(ids), ctx.Err()
		}
		if err := d.Digest(ctx, id); err != nil {
			d.Log.Warn("sweep", "arrival", id, "err", err)
		}
	}
	return len(ids), nil
}

// Tick lets time pass: timer rules whose moment has come run on their tickets, and
// what agents are told in lists leaves.
// It reports how many tickets it looked at.
func (d *Desk) Tick(ctx context.Context, n int) (int, error) {
	at := d.now()
	seen := 0
	for seen < n {
		var did bool
		err := d.Store.Do(ctx, func(tx Tx) (err error) {
			did, err = d.tickOne(tx, at)
			return err
		})
		if err != nil {
			return seen, fmt.Errorf("timers: %w", err)
		}
		if !did {
			break
		}
		seen++
	}
	told, err := d.lists(ctx, at)
	if err == nil {
		var storms int
		storms, err = d.tellStorms(ctx, at)
		told += storms
	}
	if seen+told > 0 {
		d.wake()
	}
	return seen, err
}

// Act carries out an admin's commands on a ticket, as `postern ticket set` does.
// The lines are those of a command block; a *BlockError says what is wrong.
func (d *Desk) Act(ctx context.Context, ticket int64, admin string, lines []string) ([]string, error) {
	at := d.now()
	var did []string
	err := d.Store.Do(ctx, func(tx Tx) (err error) {
		did, err = d.adminBlock(tx, ticket, admin, lines, at)
		return err
	})
	if err == nil {
		d.wake()
	}
	return did, err
}

// Record books what the relay made of one attempt. The agents are told of a
// final failure with the server's words.
func (d *Desk) Record(ctx context.Context, v Verdict) error {
	v.At = d.now()
	err := d.Store.Do(ctx, func(tx Tx) error { return d.record(tx, v) })
	if errors.Is(err, ErrFenced) {
		d.Log.Warn("verdict of a lost lease", "outgoing", v.Outgoing, "verdict", v.Kind)
		return nil
	} else if err != nil {
		return fmt.Errorf("outgoing %d: %w", v.Outgoing, err)
	}
	if v.Kind == VerdictNever || v.Kind == VerdictLater {
		d.wake()
	}
	return nil
}

func (d *Desk) limits() Limits {
	return d.Settings().Limits
}

func (d *Desk) wake() {
	if d.Wake != nil {
		d.Wake()
	}
}

func (d *Desk) signer() Signer { return Signer{d.Settings().Instance, d.Keys()} }
