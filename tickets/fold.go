package tickets

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Fold adds events to a ticket, in order, and returns the sum.
func Fold(t Ticket, events ...Event) Ticket {
	for _, e := range events {
		t = Apply(t, e)
	}
	return t
}

// Apply adds one event. It never changes t's slices or maps in place, so an
// older value stays what it was.
func Apply(t Ticket, e Event) Ticket {
	t.Seq = e.Seq
	if e.Seq == 1 {
		t.Created, t.StatusSince = e.At, e.At
	}
	switch b := e.Body.(type) {
	case Created:
		t.Queue, t.Requester, t.Verified = b.Queue, b.Requester, b.Verified
		t.Priority, t.Type, t.Status = b.Priority, b.Type, New
		t.Address = b.Address
	case EntryAdded:
		t.Entries++
		t = counted(t, e, b.Is, b.State, b.Automatic)
	case EntryChanged:
		t = counted(t, e, b.Is, b.To, false)
	case StatusSet:
		t = applyStatus(t, e, b)
	case QueueSet:
		t.Queue = b.To
	case Assigned:
		t.Assignee = b.To
	case PrioritySet:
		t.Priority = b.To
	case TypeSet:
		t.Type = b.To
	case Tagged:
		t.Tags = without(with(t.Tags, b.Added...), b.Removed...)
	case FieldSet:
		t.Fields = withField(t.Fields, b.Name, b.To)
	case RequesterSet:
		t.Requester, t.Verified = b.To, b.Verified
	case CCSet:
		t.CC = toggled(t.CC, b.Participant, b.On)
	case WatcherSet:
		t.Watchers = toggled(t.Watchers, b.Agent, b.On)
	case StopSet:
		t.Stopped = toggled(t.Stopped, b.Participant, b.On)
	case QueueWatching:
		t.Watching = with(t.Watching, b.Queue)
	case Linked:
		t.Links = append(slices.Clip(t.Links), Link(b))
	case MergedInto:
		t.Disposition, t.MergedInto = Merged, b.Ticket
	case Disposed:
		t.Disposition = b.To
	case Flagged:
		t.Flags = toggled(t.Flags, b.Flag, !b.Off)
	case Verified:
		t.Verified = t.Verified || b.Participant == t.Requester
	case Revoked:
		t.Generation = b.Generation
	case TimerFired:
		t.Fired = fired(t.Fired, b)
	case SubjectSet, CommandRun, Refused, Asked, Confirmed, CopySeen, Raised,
		MailQueued, Withheld, MailDone:
		return t // history only: they do not make a ticket newer
	default:
		panic(fmt.Sprintf("tickets: unknown event %T", e.Body))
	}
	t.Updated = e.At
	return t
}

func fired(m map[string]time.Time, b TimerFired) map[string]time.Time {
	out := maps.Clone(m)
	if out == nil {
		out = map[string]time.Time{}
	}
	out[b.Rule] = b.Base
	return out
}

func applyStatus(t Ticket, e Event, b StatusSet) Ticket {
	if t.Status.Done() && !b.To.Done() {
		t.Reopens++
	}
	t.Status, t.StatusSince, t.PendingUntil = b.To, e.At, b.Until
	return t
}

// counted books an entry into the moments that clocks and rules look at. Only
// what people wrote and may see counts.
func counted(t Ticket, e Event, kind EntryKind, state EntryState, automatic bool) Ticket {
	if state != EntryVisible || automatic {
		return t
	}
	switch kind {
	case EntryMessage:
		t.LastRequester = e.At
	case EntryReply:
		t.LastAgent = e.At
		if t.FirstResponse.IsZero() {
			t.FirstResponse = e.At
		}
	}
	return t
}

func with[T ~string | ~int64](s []T, more ...T) []T {
	out := slices.Concat(s, more)
	slices.Sort(out)
	return emptyNil(slices.Compact(out))
}

func without[T ~string | ~int64](s []T, less ...T) []T {
	out := slices.DeleteFunc(slices.Clone(s), func(x T) bool { return slices.Contains(less, x) })
	return emptyNil(out)
}

func toggled[T ~string | ~int64](s []T, x T, on bool) []T {
	if on {
		return with(s, x)
	}
	return without(s, x)
}

// emptyNil makes an empty list nil, so that a folded ticket equals one read back.
func emptyNil[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

func withField(m map[string]string, k, v string) map[string]string {
	out := maps.Clone(m)
	if out == nil {
		out = map[string]string{}
	}
	if out[k] = v; v == "" {
		delete(out, k)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
