package mailout

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// points are what a mail is for, by role: it stands within the first 14 lines of 60
// columns, which is what a telephone shows.
var points = map[string]map[string]string{
	"ack":               {"en": "We have received your mail", "de": "bei uns angekommen"},
	"ack-unverified":    {"en": "We have received your mail", "de": "bei uns angekommen"},
	"notice-new":        {"en": "The printer on floor 2 is on fire", "de": "The printer on floor 2 is on fire"},
	"notice-reply":      {"en": "The fire is out", "de": "The fire is out"},
	"notice-unverified": {"en": "#release", "de": "#release"},
	"notice-held":       {"en": "#release", "de": "#release"},
	"notice-several":    {"en": "What shall I do?", "de": "What shall I do?"},
	"morning":           {"en": "[IT #42] Printer on fire", "de": "[IT #42] Printer on fire"},
	"quarantine":        {"en": "[m17] You have won", "de": "[m17] You have won"},
	"confirmation-list": {"en": "#confirm", "de": "#confirm"},
	"notice":            {"en": "The printer on floor 2 is on fire", "de": "The printer on floor 2 is on fire"},
	"assigned":          {"en": "is yours now", "de": "ist jetzt Ihres"},
	"reply":             {"en": "Please leave the room", "de": "Please leave the room"},
	"update":            {"en": "Please leave the room", "de": "Please leave the room"},
	"pending":           {"en": "Is anybody hurt?", "de": "Is anybody hurt?"},
	"reminder":          {"en": "Is anybody hurt?", "de": "Is anybody hurt?"},
	"closing":           {"en": "in two days", "de": "in zwei Tagen"},
	"delay":             {"en": "451 4.7.1 try again later", "de": "451 4.7.1 try again later"},
	"storm":             {"en": "23 new tickets", "de": "23 neue Tickets"},
	"resolved":          {"en": "reply to this mail", "de": "antworten Sie auf diese Mail"},
	"merged":            {"en": "ticket 42 goes on as ticket 40", "de": "Ticket 42 geht weiter als Ticket 40"},
	"closed":            {"en": "reply to this mail", "de": "antworten Sie auf diese Mail"},
	"reopened":          {"en": "is open again", "de": "ist wieder offen"},
	"receipt":           {"en": "status: open → resolved", "de": "Status: offen → gelöst"},
	"help":              {"en": "#assign NAME", "de": "#assign NAME"},
	"refusal":           {"en": "did you mean #resolve?", "de": "meinten Sie #resolve?"},
	"confirmation":      {"en": "#confirm k7qp2", "de": "#confirm k7qp2"},
	"failure":           {"en": "no such user here", "de": "no such user here"},
	"digest":            {"en": "Printer on fire", "de": "Printer on fire"},
	"list":              {"en": "Printer on fire", "de": "Printer on fire"},
	"answer":            {"en": "Printer on fire", "de": "Printer on fire"},
	"conflict":          {"en": "is held until", "de": "zurückgehalten"},
	"alarm":             {"en": "the disk is nearly full", "de": "the disk is nearly full"},
}

// greeting is how letters begin that have nothing to say yet.
var greeting = regexp.MustCompile(`(?i)^(hello|hi|dear|greetings|thank you|thanks|hallo|sehr geehrt|guten|liebe|vielen dank|this is an automat|dies ist eine automat|please do not reply)`)

// told is the text of a sample mail without the separator line.
func told(t *testing.T, role, lang string) (subject string, lines []string) {
	t.Helper()
	d := story(role, lang)
	if role == "ack-unverified" {
		d.Recipient.Verified = false
	}
	subject, text, err := (&Composer{}).render(d)
	if err != nil {
		t.Fatal(err)
	}
	lines = strings.Split(strings.TrimSpace(text), "\n")
	if strings.HasPrefix(lines[0], "##- ") {
		lines = lines[2:]
	}
	return subject, lines
}

// Every mail of every role says in its first line what happened, and comes to its point
// before a telephone has to be scrolled.
func TestPoint(t *testing.T) {
	for _, lang := range Languages() {
		for _, role := range Roles() {
			_, lines := told(t, role, lang)
			if l := lines[0]; strings.TrimSpace(l) == "" || greeting.MatchString(l) || len([]rune(l)) > 120 || strings.HasPrefix(l, "#") {
				t.Errorf("%s/%s begins with %q", lang, role, l)
			}
			point, known := points[role][lang]
			if !known {
				t.Errorf("%s/%s: say in points what the mail is for", lang, role)
			}
			if shown := strings.Join(wrapped(lines, 60, 14), "\n"); !strings.Contains(strings.ReplaceAll(shown, "\n", " "), point) {
				t.Errorf("%s/%s: no %q in\n%s", lang, role, point, shown)
			}
		}
	}
}

// wrapped breaks lines at blanks and takes the first most of them.
func wrapped(lines []string, columns, most int) (out []string) {
	for _, l := range lines {
		row := ""
		for w := range strings.FieldsSeq(l) {
			if row != "" && len([]rune(row))+1+len([]rune(w)) > columns {
				out, row = append(out, row), ""
			}
			row = strings.TrimSpace(row + " " + w)
		}
		out = append(out, row)
	}
	return out[:min(most, len(out))]
}

// No mail of any role speaks of the inside of the program; the table says of what and why.
func TestPlainWords(t *testing.T) {
	requesters, all := banned(t)
	for _, lang := range Languages() {
		for _, role := range Roles() {
			subject, lines := told(t, role, lang)
			text := subject + "\n" + strings.Join(lines, "\n")
			text = regexp.MustCompile(`<mailto:[^>]*>`).ReplaceAllString(text, "")
			words := all
			if story(role, lang).Recipient.Agent == "" {
				words = slices.Concat(all, requesters)
			}
			for _, w := range words {
				if w.MatchString(text) {
					t.Errorf("%s/%s says %q", lang, role, w.FindString(text))
				}
			}
		}
	}
}

// banned reads the table.
func banned(t *testing.T) (requesters, all []*regexp.Regexp) {
	t.Helper()
	b, err := os.ReadFile("testdata/banned.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(line), " | ")
		if line[0] == '#' || len(f) == 1 {
			continue
		}
		if len(f) != 3 || f[2] == "" {
			t.Fatalf("banned.txt: %q: WORD | READERS | WHY", line)
		}
		re := regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(f[0]) + `\b`)
		switch f[1] {
		case "all":
			all = append(all, re)
		case "requesters":
			requesters = append(requesters, re)
		default:
			t.Fatalf("banned.txt: readers %q", f[1])
		}
	}
	if len(all) < 10 || len(requesters) < 5 {
		t.Fatal("banned.txt is nearly empty")
	}
	return requesters, all
}

// A list shows its headings, the names of what it lists and its links apart; a gathered
// notice shows the words of each person on a ground of their own.
func TestListsAndTexts(t *testing.T) {
	for role, want := range map[string][]string{
		"morning":    {heading + "Due today or overdue</h2>", itemHead + "[IT #42] Printer on fire</b>", "<a" + itemLink + " href="},
		"answer":     {heading + "On #list mine</h2>"},
		"quarantine": {itemHead + "[m17] You have won</b>", itemHead + "[e23] Printer on fire</b>"},
		"notice-several": {said + "\n" + paragraph + "The printer on floor 2 is on fire. What shall I do?</p>\n" + paragraph + "Ann</p>\n</div>",
			said + "\n" + paragraph + "Never mind, it is out.</p>\n</div>"},
	} {
		page := strings.ReplaceAll(mustBeStrict(t, compose(t, story(role, "en"))).parts[1].body, "\r\n", "\n")
		for _, w := range want {
			if strings.Count(page, w) != 1 {
				t.Errorf("%s: %d times %q in\n%s", role, strings.Count(page, w), w, page)
			}
		}
		if strings.Contains(page, "== ") {
			t.Errorf("%s: a heading is shown as text", role)
		}
	}
}
