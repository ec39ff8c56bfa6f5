package ticketdb

import (
	"fmt"
	"strings"
	"time"
)

// filter gathers the terms of a WHERE clause. Terms are our own SQL; values are
// always arguments.
type filter struct {
	terms []string
	args  []any
	match string // the place of the words of a search: $1
}

// add adds a term that ends where its value stands.
func (f *filter) add(term string, value any) { f.terms = append(f.terms, term+f.arg(value)) }

// arg adds a value and returns its place.
func (f *filter) arg(value any) string {
	f.args = append(f.args, value)
	return fmt.Sprintf("$%d", len(f.args))
}

func (f *filter) where() string {
	if len(f.terms) == 0 {
		return ""
	}
	return "WHERE " + strings.Join(f.terms, " AND ")
}

// is adds an equality, unless the value is empty.
func (f *filter) is(column, value string) {
	if value != "" {
		f.add(column+` = `, value)
	}
}

// since adds a beginning, unless there is none: a comparison with NULL is never true.
func (f *filter) since(t time.Time) {
	if !t.IsZero() {
		f.add(`at >= `, stamp(t))
	}
}
