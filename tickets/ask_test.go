package tickets

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// reads are the methods of Tx that write nothing: those a rehearsal may use as they are.
var reads = []string{"ByContent", "ByMessageID", "Ticket", "DueTickets", "Events", "Entry", "Entries", "EntriesByMessageID", "TicketsLike", "TicketsByRefs",
	"FindParticipant", "Participant", "TicketsOf", "OpenConfirmations", "Outgoing", "OutgoingByMessageID", "LastOutgoing", "LatestTo", "CountSent",
	"Look", "Find", "Way", "Similar", "OutgoingOf", "OpenNews", "NewsWaits", "NewsAgents", "LastDigest", "Glance", "HeldMails", "TakeHeld", "Worklist", "WaitingEntries", "Alone", "Alike", "StormOf", "DueStorms"}

// Every method of a transaction either only reads, or dryTx has its own: else a rehearsal
// would write.
func TestRehearsalWritesNothing(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "dry.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var own []string
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil {
			if name, ok := f.Recv.List[0].Type.(*ast.Ident); ok && name.Name == "dryTx" {
				own = append(own, f.Name.Name)
			}
		}
	}
	tx := reflect.TypeFor[Tx]()
	for i := range tx.NumMethod() {
		name := tx.Method(i).Name
		if slices.Contains(own, name) == slices.Contains(reads, name) {
			t.Errorf("%s: a method that writes needs one in dry.go that does not; name it in reads if it only reads", name)
		}
	}
}

// A question says what is wrong with it before anything is done.
func TestWellAsked(t *testing.T) {
	for line, want := range map[string]string{
		"#show": "", "#show 12": "", "#show #12": "", "#show 0": "names no ticket", "#show twelve": "names no ticket", "#show 1 2": "names no ticket",
		"#list": "", "#list mine": "", "#list Unassigned": "", "#list due": "", "#list queue it": "", "#list queue": "names no queue",
		"#list mien": "did you mean mine?", "#why": "", "#why not": "takes no words", "#help": "",
	} {
		b, err := ParseBlock(line)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if wrong := wellAsked(b.Commands[0]); wrong != nil {
			got = sentence(wrong)
		}
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// What only asks makes no ticket; one other command or one word does.
func TestOnlyAsks(t *testing.T) {
	for text, want := range map[string]bool{
		"#list": true, "#list mine\n#show 3\n#help": true, "#why\n\n": true, "": false, "Hello": false,
		"#take": false, "#list\n#take": false, "#list\nHello": false, "#note": false, "#dry\n#list": false,
	} {
		b, err := ParseBlock(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := onlyAsks(b); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "just now", -time.Hour: "just now", time.Minute: "1 minute ago", 59 * time.Minute: "59 minutes ago",
		time.Hour: "1 hour ago", 23 * time.Hour: "23 hours ago", 24 * time.Hour: "1 day ago", 50 * time.Hour: "2 days ago"} {
		if got := ago(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}

// What a message did is what bears its number, and the rules' doing right behind it.
func TestEventsOf(t *testing.T) {
	rule, clock, admin := Cause{Rule: "r"}, Cause{Rule: "r", Clock: true}, Cause{Admin: "root"}
	ledger := []Event{{Seq: 1, Cause: Cause{Arrival: 7}}, {Seq: 2, Cause: rule}, {Seq: 3, Cause: clock}, {Seq: 4, Cause: rule},
		{Seq: 5, Cause: Cause{Arrival: 8}}, {Seq: 6, Cause: rule}, {Seq: 7, Cause: Cause{Arrival: 7}}, {Seq: 8, Cause: admin}, {Seq: 9, Cause: rule},
		{Seq: 10, Cause: Cause{Arrival: 7}}, {Seq: 11, Cause: Cause{Arrival: 8, Rule: "r"}}}
	var got []int64
	for _, e := range EventsOf(7, ledger) {
		got = append(got, e.Seq)
	}
	if !slices.Equal(got, []int64{1, 2, 7, 10}) {
		t.Errorf("got %v", got)
	}
}
