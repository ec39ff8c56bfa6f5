package ticketdb

import (
	"context"
	"errors"
	"fmt"

	"postern/tickets"
)

// SaveRules keeps a good rule set; see tickets.Store. The set that is the last one
// already is not kept twice.
func (db *DB) SaveRules(ctx context.Context, r tickets.RuleFiles) error {
	files, err := text(r.Files)
	if err != nil {
		return err
	}
	err = db.run(ctx, func(t *tx) error {
		if err := t.lockText("rules"); err != nil {
			return err
		}
		last, err := t.lastRules()
		if err == nil && last.Hash == r.Hash || err != nil && !errors.Is(err, tickets.ErrNotFound) {
			return err
		}
		_, err = t.exec(`
			INSERT INTO rule_sets (hash, files, at, who) VALUES ($1, $2, $3, $4)
			ON CONFLICT (hash, at) DO NOTHING`, r.Hash, files, stamp(r.At), r.Who)
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping rules: %w", err)
	}
	return nil
}

// LastRules returns the set kept last; see tickets.Store.
func (db *DB) LastRules(ctx context.Context) (r tickets.RuleFiles, err error) {
	err = db.view(ctx, func(q queries) error {
		r, err = q.lastRules()
		return err
	})
	if err != nil {
		return r, fmt.Errorf("reading the last rules: %w", err)
	}
	return r, nil
}

func (q queries) lastRules() (r tickets.RuleFiles, err error) {
	var row struct {
		Hash  string
		Files *string
		At    stamp
		Who   string
	}
	if err := q.get(&row, `SELECT hash, files, at, who FROM rule_sets ORDER BY id DESC LIMIT 1`); err != nil {
		return r, err
	}
	r = tickets.RuleFiles{Hash: row.Hash, At: row.At.time(), Who: row.Who}
	return r, parse(row.Files, &r.Files)
}
