package ticketdb

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"postern/tickets"
)

// addWords keeps the words of an entry, in the transaction that writes it.
func (t *tx) addWords(id int64, e tickets.Entry) error {
	if e.Kind == tickets.EntrySystem {
		return nil
	}
	_, err := t.exec(`INSERT INTO entry_words (rowid, ticket, words) VALUES ($1, $2, $3)`,
		id, e.Ticket, strings.Join(tickets.EntryWords(e), " "))
	if err != nil {
		return fmt.Errorf("words of entry %d: %w", id, err)
	}
	return nil
}

// candidates bounds how many entries a search weighs.
const candidates = 50

// Similar lists done tickets that share words with a new one; see tickets.Tx. The
// database finds entries with any of the words, best first; how many they share is
// counted here, so that both databases answer alike.
func (t *tx) Similar(l tickets.Likeness) ([]tickets.Found, error) {
	if len(l.Words) == 0 || len(l.Queues) == 0 {
		return nil, nil
	}
	f := &filter{}
	f.matches(t.d, l.Words, false)
	f.terms = append(f.terms, `t.status IN ('resolved', 'closed')`, `t.disposition = ''`)
	f.add(`t.id <> `, l.Ticket)
	f.anyOf("t.queue", l.Queues)
	var rows []struct {
		Ticket int64
		Words  string
	}
	err := t.list(&rows, `SELECT w.ticket AS ticket, w.words AS words FROM entry_words w JOIN tickets t ON t.id = w.ticket `+
		f.where()+f.best(t.d)+f.arg(candidates), f.args...)
	if err != nil {
		return nil, fmt.Errorf("finding similar tickets: %w", err)
	}
	shared := map[int64]int{}
	for _, r := range rows {
		shared[r.Ticket] = max(shared[r.Ticket], common(strings.Fields(r.Words), l.Words))
	}
	return t.mostShared(shared, min(2, len(l.Words)), l.Limit)
}

// common is how many of the asked words an entry has.
func common(words, asked []string) (n int) {
	for _, a := range asked {
		if slices.Contains(words, a) {
			n++
		}
	}
	return n
}

// mostShared reads the tickets that share at least so many words, the most first, then
// the newest.
func (t *tx) mostShared(shared map[int64]int, least, limit int) ([]tickets.Found, error) {
	var ids []int64
	for id, n := range shared {
		if n >= least {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b int64) int {
		if shared[a] != shared[b] {
			return shared[b] - shared[a]
		}
		return int(b - a)
	})
	var out []tickets.Found
	for _, id := range ids[:min(len(ids), limit)] {
		found, err := t.ticketRow(id)
		if err != nil {
			return nil, err
		}
		out = append(out, tickets.Found{Ticket: found})
	}
	return out, nil
}

// matches asks for entries with any of the words, or with all of them. Only letters and
// digits of a word reach the database, in quotation marks: no sign means anything there.
func (f *filter) matches(d *dialect, words []string, all bool) {
	var quoted []string
	for _, w := range words {
		if w = strings.Map(lettersOnly, w); w != "" {
			quoted = append(quoted, d.quote+w+d.quote)
		}
	}
	if len(quoted) == 0 {
		f.terms = append(f.terms, `1 = 0`)
		return
	}
	f.match = f.arg(strings.Join(quoted, d.join[all]))
	f.terms = append(f.terms, strings.ReplaceAll(d.match, "$1", f.match))
}

func lettersOnly(r rune) rune {
	if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
		return r
	}
	return -1
}

// searched asks for tickets with an entry that holds all the words of a text.
func (f *filter) searched(d *dialect, text string) {
	words := tickets.SearchWords(20, text)
	if len(words) == 0 {
		f.terms = append(f.terms, `1 = 0`)
		return
	}
	f.matches(d, words, true)
	last := &f.terms[len(f.terms)-1]
	*last = `id IN (SELECT w.ticket FROM entry_words w WHERE ` + *last + `)`
}

// best sorts by how well an entry matches, and begins the limit.
func (f *filter) best(d *dialect) string {
	if f.match == "" {
		return ` LIMIT `
	}
	return ` ORDER BY ` + strings.ReplaceAll(d.rank, "$1", f.match) + `, w.rowid DESC LIMIT `
}
