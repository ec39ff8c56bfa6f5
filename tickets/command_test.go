package tickets

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// The command block (IN-K01 to K04, K07): first lines only, all or nothing.
func TestParseBlock(t *testing.T) {
	tests := []struct {
		name, in, words, text string
		err                   string
	}{
		{"one", "#take\nHello", "take", "Hello", ""},
		{"blank lines first", "\n \n#take\n\n#priority high\n\nHello\n", "take priority", "Hello", ""},
		{"case and NBSP", "\u00a0#Assign\u00a0Bob \r\nHi", "assign", "Hi", ""},
		{"zero width", "\u200b#take", "take", "", ""},
		{"colon after the word", "#resolve.\nDone", "resolve", "Done", ""},
		{"number is text", "#1 server down", "", "#1 server down", ""},
		{"full-width sign is text", "＃take\nHi", "", "＃take\nHi", ""},
		{"heading is text", "# Title\nx", "", "# Title\nx", ""},
		{"two signs are text", "##take", "", "##take", ""},
		{"note", "#note\nonly for us\n#hashtag stays", "note", "only for us\n#hashtag stays", ""},
		{"note on its line", "#note for us\nmore", "note", "for us\nmore", ""},
		{"unknown", "#resolv\nDone", "", "", "did you mean #resolve?"},
		{"unknown far", "#frobnicate", "", "", "#help lists"},
		{"unknown second", "#take\n#clsoe\nDone", "", "", "did you mean #close?"},
		{"known below", "Hi Ann, done.\n#note secret", "", "", "below the first lines"},
		{"unknown below is text", "See\n#topic", "", "See\n#topic", ""},
		{"words only", "#take", "take", "", ""},
		{"too many", strings.Repeat("#take\n", 200), "", "", "more than 20"},
		{"empty", "", "", "", ""},
		{"note run together", "#note:secret", "", "", "looks like #note"},
		{"note with a dot", "#note.secret", "", "", "looks like #note"},
		{"note in bold", "*#note*\nsecret", "", "", "looks like #note"},
		{"note in a list", "* #note\nsecret", "", "", "looks like #note"},
		{"note with a space", "# note\nsecret", "", "", "looks like #note"},
		{"note doubled", "##note\nsecret", "", "", "looks like #note"},
		{"note full-width", "＃note\nsecret", "", "", "looks like #note"},
		{"note almost below", "Hi\n- #note\nsecret", "", "", "looks like #note"},
		{"note behind marks", "\u200f\u2063#no\u00adte\nsecret", "note", "secret", ""},
		{"notes are text", "#notebook is lost", "", "", "there is no command #notebook"},
		{"see note is text", "See #1, a note", "", "See #1, a note", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := ParseBlock(tt.in)
			if tt.err != "" {
				var be *BlockError
				if !errors.As(err, &be) || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("err = %v, want %q", err, tt.err)
				}
				return
			}
			var got []string
			for i, c := range b.Commands {
				got = append(got, c.Word)
				if c.N != i+1 {
					t.Errorf("command %d has N %d", i+1, c.N)
				}
			}
			if err != nil || strings.Join(got, " ") != tt.words || b.Text != tt.text {
				t.Errorf("ParseBlock = %v %q, %v; want %q %q", got, b.Text, err, tt.words, tt.text)
			}
		})
	}
}

// What each command does, and what the receipt says.
func TestPlan(t *testing.T) {
	base := Ticket{ID: 42, Seq: 7, Queue: "it", Status: Open, Priority: Normal, Tags: []string{"old"}}
	tests := []struct{ in, did, event string }{
		{"#take", "assignee: nobody → Bob Brown", `{"from":"","to":"bob"}`},
		{"#assign bea", "assignee: nobody → Bea Blue", `{"from":"","to":"bea"}`},
		{"#assign Bea Bl", "assignee: nobody → Bea Blue", `{"from":"","to":"bea"}`},
		{"#assign bea@example.org", "assignee: nobody → Bea Blue", `{"from":"","to":"bea"}`},
		{"#assign none", "assignee: nobody, as before", ""},
		{"#assign carl", `"#assign carl": carl does not work queue it (known are bob, bea)`, ""},
		{"#assign b", `"#assign b": "b" may be bob or bea (write one of these names)`, ""},
		{"#assign bpb", `"#assign bpb": there is no agent "bpb" (did you mean bob?)`, ""},
		{"#assign", `"#assign": it does not say to whom (#assign NAME, #assign me or #assign none)`, ""},
		{"#queue HR", "queue: it → hr", `{"from":"it","to":"hr"}`},
		{"#queue hx", `"#queue hx": there is no queue "hx" (did you mean hr?)`, ""},
		{"#status on hold", "status: open → on-hold", `{"from":"open","to":"on-hold"}`},
		{"#status gone", `"#status gone": there is no status "gone" (known are new, open, pending, on-hold, resolved, closed)`, ""},
		{"#resolve", "status: open → resolved", `{"from":"open","to":"resolved"}`},
		{"#pending until +2d", "status: open → pending until 4 Mar 2026 12:00", `{"from":"open","to":"pending","until":"2026-03-04T12:00:00Z"}`},
		{"#pending 2026-12-24", "status: open → pending until 24 Dec 2026 09:00", `{"from":"open","to":"pending","until":"2026-12-24T09:00:00Z"}`},
		{"#pending until yesterday", `"#pending until yesterday": the time is not understood (write #pending until +2d or #pending until 2026-12-24)`, ""},
		{"#pending until 2020-01-01", `"#pending until 2020-01-01": that time is over`, ""},
		{"#priority urgent", "priority: normal → urgent", `{"from":"normal","to":"urgent"}`},
		{"#priority hihg", `"#priority hihg": there is no priority "hihg" (did you mean high?)`, ""},
		{"#type incident", "type: none → incident", `{"from":"","to":"incident"}`},
		{"#tag VIP old", "tags: old vip", `{"added":["vip"]}`},
		{"#untag old", "tags: none", `{"removed":["old"]}`},
		{"#watch", "you are told what happens on this ticket", `{"agent":"bob","on":true}`},
		{"#unwatch", "watchers as before", ""},
		{"#watch bea", `"#watch bea": an agent watches for himself only (#watch alone)`, ""},
		{"#tag", `"#tag": it names no tag (#tag printer vip)`, ""},
	}
	for _, tt := range tests {
		b, err := ParseBlock(tt.in)
		if err != nil {
			t.Fatal(err)
		}
		deeds, err := actorIs{"bob", noon, testSettings()}.plan(b.Commands, base)
		got, event := fmt.Sprint(err), ""
		if err == nil {
			got = deeds[0].did
			if deeds[0].body != nil {
				_, data, _ := EncodeBody(deeds[0].body)
				event = string(data)
			}
		}
		if got != tt.did || event != tt.event {
			t.Errorf("%s:\n got %s %s\nwant %s %s", tt.in, got, event, tt.did, tt.event)
		}
	}
}

// IN-K04: one bad command, and nothing of the block is planned.
func TestPlanAllOrNothing(t *testing.T) {
	b, _ := ParseBlock("#take\n#priority hihg")
	if deeds, err := (actorIs{"bob", noon, testSettings()}).plan(b.Commands, Ticket{Queue: "it"}); err == nil || deeds != nil {
		t.Errorf("plan = %v, %v", deeds, err)
	}
}

func FuzzParseBlock(f *testing.F) {
	for _, s := range []string{"#take\nHi", "#note x", "Hi\n#close", "#1 x", "#assign me\r\n#frob"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		b, err := ParseBlock(in)
		if err != nil {
			return
		}
		for _, c := range b.Commands {
			if known(c.Word, "") != nil {
				t.Fatalf("%q gave the unknown command %q", in, c.Word)
			}
		}
		if !b.Note && below(b, strings.Split(b.Text, "\n")) != nil {
			t.Fatalf("%q: a command is left in the text %q", in, b.Text)
		}
	})
}
