package ticketdb

import (
	"fmt"
	"strings"
)

// AddRefs keeps what the mail of an entry refers to; see tickets.Tx.
func (t *tx) AddRefs(entry int64, ids []string) error {
	for _, id := range ids {
		_, err := t.exec(`INSERT INTO entry_refs (hash, entry) VALUES ($1, $2) ON CONFLICT DO NOTHING`, hashed(id), entry)
		if err != nil {
			return fmt.Errorf("references of entry %d: %w", entry, err)
		}
	}
	return nil
}

// TicketsByRefs finds tickets by what their mails refer to; see tickets.Tx.
func (t *tx) TicketsByRefs(ids []string, n int) (out []int64, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	f := &filter{}
	hashes := make([]string, len(ids))
	for i, id := range ids {
		hashes[i] = f.arg(hashed(id))
	}
	err = t.list(&out, `
		SELECT DISTINCT e.ticket FROM entry_refs r JOIN entries e ON e.id = r.entry
		WHERE r.hash IN (`+strings.Join(hashes, ", ")+`) AND e.state = 'visible' AND e.kind IN ('message', 'reply')
		ORDER BY e.ticket LIMIT `+f.arg(n), f.args...)
	if err != nil {
		return nil, fmt.Errorf("finding tickets by references: %w", err)
	}
	return out, nil
}
