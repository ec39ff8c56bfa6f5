package tickets

import (
	"slices"
	"testing"
	"time"
)

// The first notices always leave; an urgent ticket's all do.
func TestGathers(t *testing.T) {
	l := DefaultLimits()
	for _, c := range []struct {
		name         string
		x            Noticed
		wait, digest bool
	}{
		{"the first", Noticed{Priority: Normal}, false, false},
		{"the fifth of a ticket", Noticed{Priority: Normal, Ticket: 4, Hour: 4}, false, false},
		{"the sixth of a ticket", Noticed{Priority: Normal, Ticket: 5, Hour: 5}, true, false},
		{"an earlier one waits", Noticed{Priority: High, Waiting: true}, true, false},
		{"the thirtieth of an hour", Noticed{Priority: Normal, Hour: 29}, false, false},
		{"the thirty-first of an hour", Noticed{Priority: Normal, Hour: 30}, true, true},
		{"both", Noticed{Priority: Normal, Ticket: 5, Hour: 30}, true, true},
		{"urgent", Noticed{Priority: Urgent, Waiting: true, Ticket: 99, Hour: 99}, false, false},
	} {
		why, digest := Gathers(c.x, l)
		if (why != "") != c.wait || digest != c.digest {
			t.Errorf("%s: %q, digest %v", c.name, why, digest)
		}
	}
}

// A limit's reason is known as one, and no other reason is.
func TestLimited(t *testing.T) {
	l := DefaultLimits()
	agent := Sending{Mail: MailNotice, Agent: true, Verified: true}
	for _, c := range []struct {
		name string
		x    func(*Sending)
		want bool
	}{
		{"the windows of a ticket", func(x *Sending) { x.Windows = []int{10} }, true},
		{"the whole instance", func(x *Sending) { x.Instance = 500 }, true},
		{"quiet", func(x *Sending) { x.Quiet = "automatic mail is told to nobody" }, false},
		{"dead", func(x *Sending) { x.Dead = "it bounces" }, false},
		{"ours", func(x *Sending) { x.Own = true }, false},
		{"nothing", func(*Sending) {}, false},
	} {
		x := agent
		c.x(&x)
		if why := MaySend(x, l); limited(why) != c.want {
			t.Errorf("%s: %q", c.name, why)
		}
	}
}

func TestToldNow(t *testing.T) {
	l := DefaultLimits()
	t0 := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	min := func(n int) time.Time { return t0.Add(time.Duration(n) * time.Minute) }
	gathered := News{ID: 1, Ticket: 1, At: min(0)}
	again := News{ID: 2, Ticket: 1, At: min(9)}
	listed := News{ID: 3, Ticket: 2, Digest: true, At: min(2)}
	sameTicket := News{ID: 4, Ticket: 2, At: min(3)}
	for _, c := range []struct {
		name    string
		open    []News
		at      time.Time
		last    time.Time
		notices []int64
		digest  []int64
	}{
		{"nothing", nil, min(60), time.Time{}, nil, nil},
		{"too early", []News{gathered, again}, min(9), time.Time{}, nil, nil},
		{"the oldest decides", []News{gathered, again}, min(10), time.Time{}, []int64{1}, nil},
		{"a digest waits for company", []News{listed}, min(11), time.Time{}, nil, nil},
		{"a digest", []News{listed}, min(12), time.Time{}, nil, []int64{3}},
		{"not so soon after the last", []News{listed}, min(29), min(0), nil, nil},
		{"thirty minutes after the last", []News{listed}, min(30), min(0), nil, []int64{3}},
		{"all of its ticket goes along", []News{listed, sameTicket}, min(12), time.Time{}, nil, []int64{3, 4}},
		{"and waits with it", []News{listed, sameTicket}, min(20), min(0), nil, nil},
		{"another ticket is its own", []News{gathered, listed}, min(11), time.Time{}, []int64{1}, nil},
	} {
		notices, digest := toldNow(c.open, c.at, c.last, l)
		var ids []int64
		if len(digest) > 0 {
			ids = newsIDs(digest)
		}
		if !slices.Equal(notices, c.notices) || !slices.Equal(ids, c.digest) {
			t.Errorf("%s: notices %v, digest %v", c.name, notices, ids)
		}
	}
}
