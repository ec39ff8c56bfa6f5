package tickets

import (
	"strings"
	"testing"
)

// What an answer to a list means, spelled as lines at its top; or what is wrong.
func TestParseOrders(t *testing.T) {
	queues := []Queue{{Name: "it", Tag: "IT"}, {Name: "hr", Tag: "HR"}}
	for _, c := range []struct{ name, text, want string }{
		{"at the top", "#take #12\n#resolve #12 #15", "#take #12\n#resolve #12 #15"},
		{"words before the tickets", "#assign bea #12, #15\n#pending until +2d #3", "#assign bea #12 #15\n#pending until +2d #3"},
		{"a tag with a digit is no ticket", "#tag m7x #12", "#tag m7x #12"},
		{"below a line of the list", "> == Yours ==\n>\n> [IT #12] Printer\n> open · Bob\n#take\n>\n> [HR #15] Coffee\n#resolve", "#take #12\n#resolve #15"},
		{"two below one line", "> [IT #12] Printer\n#take\n#priority high", "#take #12\n#priority high #12"},
		{"after an empty quoted line", "> [IT #12] Printer\n> open\n>\n#take", "#take #12"},
		{"the end of the list is no item", "> [IT #12] Printer\n> open\n>\n> That was all.\n#take", `"#take": it names no ticket`},
		{"quoted twice", ">> [IT #12] Printer\n#take", "#take #12"},
		{"without quote marks, as Outlook does", "Bob\n\n[IT #12] Printer\nopen · Bob\n#take\n\n[IT #13] Coffee", "#take #12"},
		{"a command in the list itself", "> #resolve #12\n> [IT #12] #close\n> #close\n\n#take #13", "#take #13"},
		{"held back", "#release m17 e23\n#join #12 m18", "#release m17 e23\n#join #12 m18"},
		{"held back, below its line", "> [m17] Prize\n> from x\n#join #12\n> [e23] Hello\n#reject", "#join #12 m17\n#reject e23"},
		{"words besides", "#take #12\n\nThanks, Bob", "#take #12"},
		{"only words", "Thanks, Bob", ""},
		{"a foreign tag", "> [XX #12] Printer\n#take", `"#take": it names no ticket`},
		{"no ticket named", "#take", `"#take": it names no ticket`},
		{"unknown", "#tkae #12", `"#tkae #12": there is no command #tkae (did you mean #take?)`},
		{"for one ticket only", "#note #12", `"#note #12": #note is for one ticket`},
		{"a ticket is not released", "#release #12", `"#release #12": #release is for what is held back`},
		{"a held mail is not taken", "#take m17", `"#take m17": m17 is no ticket`},
		{"a line without end", "#resolve" + strings.Repeat(" #1", 100000), `"#resolve #1 #1`},
		{"too many", strings.Repeat("#take #1\n", 41), `"#take #1": more than 40 commands`},
	} {
		got, err := ParseOrders(c.text, queues)
		said := ""
		for _, o := range got.List {
			said += o.String() + "\n"
		}
		if err != nil {
			said = err.Error()
		}
		if said = strings.TrimSpace(said); said != c.want && !(err != nil && strings.HasPrefix(said, c.want)) {
			t.Errorf("%s: %q, want %q", c.name, said, c.want)
		}
	}
}

// Orders are kept with a question as lines; read again they are the same.
func FuzzOrders(f *testing.F) {
	queues := []Queue{{Name: "it", Tag: "IT"}}
	f.Add("#take #12 #13\n> [IT #12] x\n#assign bea\n[m1] y\n#join #12\n#pending until +2d #4")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseOrders(text, queues)
		if err != nil {
			return
		}
		var lines []string
		for _, o := range got.List {
			lines = append(lines, o.String())
		}
		again, err := ParseOrders(strings.Join(lines, "\n"), queues)
		if err != nil {
			t.Fatalf("%q: %v", lines, err)
		}
		for i, o := range again.List {
			if o.String() != lines[i] {
				t.Errorf("%q became %q", lines[i], o.String())
			}
		}
	})
}

// A line that a stranger wrote in an agent's name is looked at once, however long.
func TestFreshOrdersAreReadInOneGo(t *testing.T) {
	if !freshOrders("#resolve" + strings.Repeat(" #1", 1_000_000)) { // for minutes, when each ref reads the whole line
		t.Error("no orders")
	}
	if got := topBlock("#take #1\n\n#close #2\nBob\n#spam #3\n"); got != "#take #1\n\n#close #2\n" {
		t.Errorf("top block %q", got)
	}
	if got := unbidden("[m17] x [IT #4] #spam, #1"); got != "(m17) x [IT #4] spam, #1" && got != "(m17) x (IT #4) spam, #1" {
		t.Errorf("unbidden %q", got)
	}
}
