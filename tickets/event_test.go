package tickets

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite golden files")

// everyBody holds one of each kind with every field set.
func everyBody() []Body {
	at := noon
	return []Body{
		Created{"it", 7, true, Normal, Incident, "support@example.org"},
		EntryAdded{3, EntryReply, EntryHeld, 7, "bob", true, L2, "why", "00ff"},
		EntryChanged{3, EntryHeld, EntryVisible, EntryReply, "why"},
		StatusSet{Open, Pending, at, "why"},
		QueueSet{"it", "hr"}, Assigned{"bob", "bea"}, PrioritySet{Low, Urgent}, TypeSet{Request, Change},
		Tagged{[]string{"a"}, []string{"b"}}, FieldSet{"f", "old", "new"}, SubjectSet{"aa", "bb"},
		RequesterSet{7, 8, true}, CCSet{9, true}, WatcherSet{"bea", true}, StopSet{7, true}, QueueWatching{"hr"},
		Linked{12, "why"}, MergedInto{12}, Disposed{"", Spam}, Flagged{"storm", "why", true}, Verified{7}, Revoked{2},
		CommandRun{1, "take", "args", "did"}, Refused{"why"}, Asked{3, "bob"}, Confirmed{3, "bob"}, CopySeen{5, 3},
		Raised{3, L0, L2}, MailQueued{"ack", MailAck, "participant 7", "id@x"}, Withheld{"ack", MailAck, "participant 7", "why"},
		MailDone{4, "failed", "550 5.1.1"}, TimerFired{"remind", at},
	}
}

// The stored form of every event kind is fixed for ever; the golden file says so.
func TestEventsGolden(t *testing.T) {
	var got bytes.Buffer
	fmt.Fprintln(&got, "# DO NOT EDIT: databases hold these. New kinds are added, old ones never change.")
	seen := map[string]bool{}
	for _, b := range everyBody() {
		kind, data, err := EncodeBody(b)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "%s %s\n", kind, data)
		seen[kind] = true
		back, err := DecodeBody(kind, data)
		if err != nil || !reflect.DeepEqual(back, b) {
			t.Errorf("%s came back as %#v, %v", kind, back, err)
		}
		Apply(Ticket{}, Event{Seq: 1, Body: b}) // knows every kind
	}
	for kind := range bodies {
		if !seen[kind] {
			t.Errorf("kind %s is not in the golden file", kind)
		}
	}
	const file = "testdata/events.golden"
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(want, got.Bytes()) {
		t.Errorf("stored events changed (%v):\n%s", err, got.Bytes())
	}
}

// A kind of a newer version waits; it never breaks anything.
func TestDecodeNewer(t *testing.T) {
	if _, err := DecodeBody("teleported", []byte("{}")); !errors.Is(err, ErrNewer) {
		t.Errorf("err = %v", err)
	}
	if _, err := DecodeBody("status", []byte("{")); err == nil || errors.Is(err, ErrNewer) {
		t.Errorf("err = %v", err)
	}
}

// Folding in one go or in steps gives the same, and never changes what was.
func TestFold(t *testing.T) {
	var events []Event
	for i, b := range everyBody() {
		events = append(events, Event{Seq: int64(i + 1), At: noon.Add(time.Duration(i) * time.Minute), Body: b})
	}
	whole := Fold(Ticket{}, events...)
	step := Ticket{}
	for _, e := range events {
		before, _ := encode(step)
		next := Apply(step, e)
		if after, _ := encode(step); after != before {
			t.Fatalf("%s changed the older ticket", e.Body.Kind())
		}
		step = next
	}
	if !reflect.DeepEqual(whole, step) {
		t.Errorf("whole %+v\nsteps %+v", whole, step)
	}
	if whole.Seq != int64(len(events)) || whole.Requester != 8 || whole.Queue != "hr" || whole.Disposition != Spam {
		t.Errorf("fold = %+v", whole)
	}
}

func encode(t Ticket) (string, error) { return fmt.Sprintf("%#v", t), nil }
