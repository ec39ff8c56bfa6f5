package mailout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"postern/tickets"
)

// An outbox is a store of outgoing messages as the courier sees it.
type outbox struct {
	mu       sync.Mutex
	queue    []tickets.Outgoing
	verdicts []tickets.Verdict
	claims   int
	recErr   error // what Record answers
	most     int   // most messages claimed and not yet recorded
	out      int
}

func (b *outbox) Claim(_ context.Context, c tickets.Claim) ([]tickets.Outgoing, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.claims++
	var got, rest []tickets.Outgoing
	for _, o := range b.queue {
		if len(got) < c.Max && !o.NextTry.After(c.At) {
			o.Attempts++
			o.Fence++
			got = append(got, o)
		} else {
			rest = append(rest, o)
		}
	}
	b.queue = rest
	b.out += len(got)
	b.most = max(b.most, b.out)
	return got, nil
}

func (b *outbox) record(o map[int64]tickets.Outgoing) func(context.Context, tickets.Verdict) error {
	return func(_ context.Context, v tickets.Verdict) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.recErr != nil {
			return b.recErr
		}
		b.out--
		b.verdicts = append(b.verdicts, v)
		if v.Kind == tickets.VerdictLater {
			x := o[v.Outgoing]
			x.NextTry = v.NextTry
			for _, w := range b.verdicts {
				if w.Outgoing == v.Outgoing {
					x.Attempts++
				}
			}
			b.queue = append(b.queue, x)
		}
		return nil
	}
}

func (b *outbox) kinds() map[tickets.VerdictKind]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := map[tickets.VerdictKind]int{}
	for _, v := range b.verdicts {
		n[v.Kind]++
	}
	return n
}

// courier makes a courier over n messages and a relay, on the bubble's clock.
func courier(t *testing.T, n int, r Relay) (*Courier, *outbox) {
	t.Helper()
	b := &outbox{}
	all := map[int64]tickets.Outgoing{}
	for i := range n {
		o := letterTo(t, "ann@example.net")
		o.ID, o.Attempts, o.At = int64(i+1), 0, time.Now()
		all[o.ID] = o
		b.queue = append(b.queue, o)
	}
	return &Courier{Store: b, Record: b.record(all), Open: noParts, Owner: "test", Now: time.Now,
		Relays: func(string) (Relay, bool) { return r, r != nil }}, b
}

// run runs the courier for d, and waits for its end.
func run(t *testing.T, c *Courier, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := c.Run(ctx); err != nil {
		t.Error(err)
	}
}

// Each message is sent once, no more are claimed than there are workers, and
// the outbox is emptied without waiting for a poll.
func TestCourierSendsEachOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		r := s.smtp()
		c, b := courier(t, 50, r)
		c.Workers = 3
		run(t, c, time.Second)
		r.Close()
		s.open.Wait()
		if n := b.kinds(); n[tickets.VerdictSent] != 50 || len(s.taken()) != 50 {
			t.Errorf("verdicts %v, taken %d", n, len(s.taken()))
		}
		if b.most > 3 {
			t.Errorf("%d messages claimed at once by 3 workers", b.most)
		}
	})
}

// INV-C2, INV-C5: a relay that is away delays, in growing steps of at most an hour,
// and after five days the message has failed, with the relay's last words.
func TestCourierRetriesForFiveDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{at: "RCPT", say: "451 4.2.0 busy"}
		r := s.smtp()
		c, b := courier(t, 1, r)
		c.Poll = 10 * time.Second
		run(t, c, 6*24*time.Hour)
		r.Close()
		s.open.Wait()
		last := b.verdicts[len(b.verdicts)-1]
		if last.Kind != tickets.VerdictNever || last.Code != "451 4.2.0" || len(b.queue) != 0 {
			t.Errorf("at the end: %+v", last)
		}
		for i, v := range b.verdicts[:len(b.verdicts)-1] {
			want := min(time.Minute<<min(i, 10), time.Hour)
			if d := v.NextTry.Sub(v.At); i < len(b.verdicts)-2 && (d > want || d < want*4/5) {
				t.Errorf("pause %d is %v, want about %v", i, d, want)
			}
		}
		if n := len(b.verdicts); n < 120 || n > 160 {
			t.Errorf("%d attempts in five days", n)
		}
	})
}

// What was sent is not sent again because the database was away when it was to
// be written down: nothing is claimed until it is.
func TestCourierRecordsBeforeItClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		r := s.smtp()
		c, b := courier(t, 20, r)
		late := b.queue[15:]
		b.queue = b.queue[:15]
		c.Workers, c.Poll = 18, time.Second // three are free when the others wait
		b.recErr = errors.New("connection refused")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		<-time.After(time.Minute)
		b.mu.Lock()
		b.queue = append(b.queue, late...)
		b.mu.Unlock()
		<-time.After(10 * time.Minute)
		b.mu.Lock()
		if len(s.taken()) != 15 || len(b.verdicts) != 0 {
			t.Errorf("with the database away: %d sent, %d recorded", len(s.taken()), len(b.verdicts))
		}
		b.recErr = nil
		b.mu.Unlock()
		<-time.After(30 * time.Second)
		cancel()
		<-done
		r.Close()
		s.open.Wait()
		if n := b.kinds(); n[tickets.VerdictSent] != 20 || len(s.taken()) != 20 {
			t.Errorf("after its return: verdicts %v, taken %d", n, len(s.taken()))
		}
	})
}

// Shutdown: an attempt may end within the grace, and is handed back afterwards.
func TestCourierHandsBack(t *testing.T) {
	for step, want := range map[string]tickets.VerdictKind{"RCPT": tickets.VerdictBack, "DOT": tickets.VerdictLater, "CONNECT": tickets.VerdictBack} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{at: step, say: "hang"}
			r := s.smtp()
			c, b := courier(t, 1, r)
			start := time.Now()
			run(t, c, time.Second)
			if d := time.Since(start); d > c.Grace+2*time.Second {
				t.Errorf("shutdown took %v", d)
			}
			r.Close()
			s.open.Wait()
			if n := b.kinds(); n[want] != 1 {
				t.Errorf("hanging at %s: %v, want %s", step, n, want)
			}
		})
	}
}

// A slow answer within the grace is a normal end.
func TestCourierDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{at: "DOT", delay: 10 * time.Second}
		r := s.smtp()
		c, b := courier(t, 1, r)
		run(t, c, time.Second)
		r.Close()
		s.open.Wait()
		if n := b.kinds(); n[tickets.VerdictSent] != 1 {
			t.Errorf("%v", n)
		}
	})
}

// A message that came while the courier rested leaves when it is woken.
func TestCourierWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		r := s.smtp()
		c, b := courier(t, 1, r)
		o := b.queue
		b.queue = nil
		c.Poll = time.Hour
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		synctest.Wait()
		b.mu.Lock()
		b.queue = o
		b.mu.Unlock()
		c.Wake()
		synctest.Wait()
		if n := b.kinds(); n[tickets.VerdictSent] != 1 {
			t.Errorf("%v", n)
		}
		cancel()
		<-done
		r.Close()
		s.open.Wait()
	})
}

// INV-C7: what waits for an earlier message of its ticket leaves as soon as that
// one is recorded, not at the next poll.
func TestCourierFollowsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		r := s.smtp()
		c, b := courier(t, 5, r)
		c.Store, c.Poll = oneByOne{b}, time.Hour
		run(t, c, time.Second)
		r.Close()
		s.open.Wait()
		if n := b.kinds(); n[tickets.VerdictSent] != 5 {
			t.Errorf("%v", n)
		}
	})
}

// oneByOne gives out the next message when the one before is recorded.
type oneByOne struct{ *outbox }

func (b oneByOne) Claim(ctx context.Context, c tickets.Claim) ([]tickets.Outgoing, error) {
	b.mu.Lock()
	c.Max = min(c.Max, 1-b.out)
	b.mu.Unlock()
	return b.outbox.Claim(ctx, c)
}

// A relay that panics, or is not configured any more, delays its messages and
// touches no others.
func TestCourierSurvives(t *testing.T) {
	for _, r := range []Relay{nil, panics{}} {
		synctest.Test(t, func(t *testing.T) {
			c, b := courier(t, 2, r)
			run(t, c, time.Second)
			if n := b.kinds(); n[tickets.VerdictLater] != 2 {
				t.Errorf("%T: %v", r, n)
			}
		})
	}
}

type panics struct{}

func (panics) Deliver(context.Context, tickets.Outgoing, Opener) Answer { panic("broken") }
func (panics) Check(context.Context) (Report, error)                    { return Report{}, nil }
func (panics) Longest() time.Duration                                   { return time.Minute }
func (panics) Close()                                                   {}

// ErrFenced ends the matter: another courier has the message.
func TestCourierObeysTheFence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		r := s.smtp()
		c, b := courier(t, 1, r)
		b.recErr = fmt.Errorf("recording: %w", tickets.ErrFenced)
		run(t, c, time.Second)
		r.Close()
		s.open.Wait()
		if c.unrecorded.Load() != 0 {
			t.Error("a fenced verdict is waited for")
		}
	})
}

// The last attempt is made when the five days are over, not before and not after;
// an answer is kept short.
func TestVerdictAtTheEnd(t *testing.T) {
	o := tickets.Outgoing{ID: 7, Fence: 3, At: opened, Attempts: 130}
	busy := Answer{Kind: tickets.VerdictLater, Code: "451 4.2.0", Text: strings.Repeat("ü\x00\r\n", 2000)}
	v := verdict(o, busy, opened.Add(Lifetime-time.Minute))
	if v.Kind != tickets.VerdictLater || !v.NextTry.Equal(opened.Add(Lifetime)) || v.Fence != 3 || v.Outgoing != 7 {
		t.Errorf("a minute before: %+v", v)
	}
	v = verdict(o, busy, v.NextTry)
	if v.Kind != tickets.VerdictNever || v.Code != "451 4.2.0" || !strings.HasPrefix(v.Answer, "given up after 5 days") {
		t.Errorf("at the end: %+v", v)
	}
	if len(v.Answer) > MaxAnswer || strings.ContainsAny(v.Answer, "\x00\r\n") || !utf8.ValidString(v.Answer) {
		t.Errorf("answer of %d bytes: %q", len(v.Answer), v.Answer)
	}
}

// The pause depends on the message and the attempt alone.
func TestPause(t *testing.T) {
	for n := range 300 {
		a, b := pause(7, n), pause(7, n)
		if a != b || a > time.Hour || a < 48*time.Second {
			t.Errorf("attempt %d: %v, %v", n, a, b)
		}
	}
	if pause(1, 1) == pause(2, 1) && pause(2, 1) == pause(3, 1) {
		t.Error("no jitter")
	}
}
