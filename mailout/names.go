package mailout

import (
	"slices"
	"strings"
)

// Names lists the templates there are, without their language, sorted: the
// built-in roles and what a queue's folder adds to them.
func (t *Templates) Names() []string {
	var out []string
	for key := range t.byName {
		if _, role, ok := strings.Cut(key, "/"); ok {
			out = append(out, role)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
