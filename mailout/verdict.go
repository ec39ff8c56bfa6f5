package mailout

import (
	"encoding/binary"
	"hash/fnv"
	"strings"
	"time"

	"postern/tickets"
)

const (
	firstPause = time.Minute
	lastPause  = time.Hour
	// Lifetime is how long a message is tried, counted from its writing.
	Lifetime = 5 * 24 * time.Hour
)

// verdict turns the answer to one attempt into what is recorded: a message that
// cannot leave now is tried again until its lifetime is over.
func verdict(o tickets.Outgoing, a Answer, at time.Time) tickets.Verdict {
	v := tickets.Verdict{Outgoing: o.ID, Fence: o.Fence, Kind: a.Kind, Code: a.Code, Answer: oneAnswer(a.Text), At: at}
	if v.Kind != tickets.VerdictLater {
		return v
	}
	end := o.At.Add(Lifetime)
	if !at.Before(end) {
		v.Kind = tickets.VerdictNever
		v.Answer = oneAnswer("given up after 5 days; last answer: " + a.Text)
		return v
	}
	v.NextTry = at.Add(pause(o.ID, o.Attempts))
	if v.NextTry.After(end) {
		v.NextTry = end
	}
	return v
}

// pause is the time until the next attempt: a minute, doubled with each one, an
// hour at most; shorter by up to a fifth, so that messages which failed together
// do not come back together. It depends on nothing but its arguments.
func pause(id int64, attempts int) time.Duration {
	d := lastPause
	if n := max(attempts-1, 0); n < 6 {
		d = min(firstPause<<n, lastPause)
	}
	h := fnv.New32a()
	_ = binary.Write(h, binary.BigEndian, [2]int64{id, int64(attempts)}) // a hash takes everything
	return d - d/5*time.Duration(h.Sum32()%1000)/1000
}

// oneAnswer makes the words of a relay fit to be kept and shown.
func oneAnswer(s string) string {
	if len(s) > 4*MaxAnswer {
		s = s[:4*MaxAnswer]
	}
	s = oneLine(s)
	if len(s) > MaxAnswer {
		s = strings.ToValidUTF8(s[:MaxAnswer-len("…")], "") + "…"
	}
	return s
}
