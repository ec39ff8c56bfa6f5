package mailout

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"postern/tickets"
)

// Every sentence that package tickets may say to a person is in every catalogue.
func TestSentencesAreTranslated(t *testing.T) {
	found := sentences(t)
	if len(found) < 200 {
		t.Fatalf("found %d sentences only", len(found))
	}
	for lang, c := range catalogues() {
		missing := map[string]string{}
		for _, s := range found {
			if !slices.ContainsFunc(c.patterns, func(p phrasing) bool { return p.english == s.text }) {
				missing[s.text] = s.place
			}
		}
		for _, s := range slices.Sorted(maps.Keys(missing)) {
			t.Errorf("%s: add to mailout/templates/%s/%s a line with the translation behind the bar:\n%s | ", missing[s], lang, linesFile, s)
		}
	}
}

// The words that stand in such sentences are, too.
func TestWordsAreTranslated(t *testing.T) {
	var words []string
	for _, s := range tickets.Statuses {
		words = append(words, string(s))
	}
	for _, p := range tickets.Priorities {
		words = append(words, string(p))
	}
	for _, x := range tickets.Types {
		words = append(words, string(x))
	}
	for lang, c := range catalogues() {
		for _, w := range append(words, "nobody", "none", "status", "queue", "assignee", "priority", "type") {
			if !slices.ContainsFunc(c.patterns, func(p phrasing) bool { return p.english == w }) {
				t.Errorf("%s: %s is missing in %s", lang, w, linesFile)
			}
		}
	}
}

// A translation has the holes of its sentence, each at most once more than the English
// says it, and none that it lacks.
func TestCataloguesAreWhole(t *testing.T) {
	for lang, c := range catalogues() {
		seen := map[string]bool{}
		for _, p := range c.patterns {
			if seen[p.english] {
				t.Errorf("%s: %q stands there twice", lang, p.english)
			}
			seen[p.english] = true
			var want, got []string
			for _, h := range hole.FindAllStringSubmatch(p.english, -1) {
				want = append(want, h[1])
			}
			for _, h := range target.FindAllStringSubmatch(p.to, -1) {
				got = append(got, h[2])
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, slices.Compact(got)) {
				t.Errorf("%s: %q has the values %v, its translation %v", lang, p.english, want, got)
			}
		}
		if _, err := embedded.ReadFile(path.Join("templates", lang, linesFile)); err != nil {
			t.Error(err)
		}
	}
}

// What is said, from the outside in; names, tags and what somebody typed stay.
func TestSay(t *testing.T) {
	for s, want := range map[string]string{
		"status: open → resolved":                      "Status: offen → gelöst",
		"assignee: nobody → Bob Brown":                 "Bearbeiter: niemand → Bob Brown",
		"priority: high, as before":                    "Priorität: hoch, wie bisher",
		"status: new → pending until 4 Mar 2026 09:00": "Status: neu → wartet auf Antwort bis 4.3.2026 09:00",
		"tags: new open":                               "Schlagworte: new open",
		"tags: new":                                    "Schlagworte: new",
		`"#asign bob": there is no command #asign (did you mean #assign?)`:               `"#asign bob": es gibt keinen Befehl #asign (meinten Sie #assign?)`,
		`"#take": you do not work the queue of this ticket`:                              `"#take": Sie arbeiten nicht im Team dieses Tickets`,
		"your text was sent to nobody: limit: 10 automatic mails an hour to one address": "Ihr Text ging an niemanden: Grenze: 10 automatische Mails in einer Stunde an eine Adresse",
		"changed 3 days ago":                 "geändert vor 3 Tagen",
		"ticket 7: #confirm zz19a":           "Ticket 7: #confirm zz19a",
		"550 5.1.1 no such user":             "550 5.1.1 no such user",
		"something nobody has translated":    "something nobody has translated",
		"":                                   "",
		strings.Repeat("status: open ", 999): strings.Repeat("status: open ", 999),
	} {
		if got := say("de", s); got != want {
			t.Errorf("%q\ngot  %q\nwant %q", s, got, want)
		}
		if got := say("en", s); got != s {
			t.Errorf("English changed: %q", got)
		}
	}
}

// A wrong line is named by its number.
func TestReadCatalogue(t *testing.T) {
	if _, err := readCatalogue("-- x\n\na | b\nno bar here\n"); err == nil || !strings.Contains(err.Error(), "line 4") {
		t.Error(err)
	}
}
