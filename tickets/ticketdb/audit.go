package ticketdb

import (
	"context"
	"fmt"
)

// Unproved is an event of the ledger that nobody was entitled to cause.
type Unproved struct {
	Ticket  int64
	Seq     int64
	Kind    string // of the event
	Arrival int64  // the mail that caused it; 0 for none
	Why     string // what is wrong with it
}

// auditMost bounds an answer: one such event is too many.
const auditMost = 1000

// Audit lists the events whose cause does not reach the level that their kind needs
// (docs/security.md): whoever wrote them, and whatever the code believed that did.
// The answer of a sound ledger is empty. An admin, a rule and the clock need no level;
// every other cause is a mail, and is held to what the mail proved.
func (db *DB) Audit(ctx context.Context) (bad []Unproved, err error) {
	err = db.view(ctx, func(q queries) error { return q.list(&bad, auditQuery, auditMost) })
	if err != nil {
		return nil, fmt.Errorf("auditing: %w", err)
	}
	return bad, nil
}

// The words of JSON are read as text, since the databases give numbers and truth
// values back in different types.
const auditQuery = `
WITH acts AS (
	SELECT e.ticket, e.seq, e.kind,
		COALESCE(CAST(e.cause ->> 'arrival' AS BIGINT), 0) AS arrival,
		COALESCE(CAST(e.cause ->> 'level' AS BIGINT), 0) AS level,
		COALESCE(e.cause ->> 'agent', '') AS agent,
		COALESCE(e.cause ->> 'rule', '') AS rule,
		COALESCE(CAST(e.cause ->> 'clock' AS TEXT), '') AS clock,
		COALESCE(e.body ->> 'agent', '') AS author,
		COALESCE(e.body ->> 'kind', '') AS what,
		COALESCE(e.body ->> 'state', '') AS state,
		COALESCE(CAST(e.body ->> 'from' AS TEXT), '') AS was,
		COALESCE(CAST(e.body ->> 'to' AS TEXT), '') AS becomes,
		COALESCE(e.body ->> 'word', '') AS word,
		COALESCE((SELECT CAST(o.cause ->> 'arrival' AS BIGINT) FROM events o WHERE o.ticket = e.ticket AND o.seq = 1), 0) AS opener
	FROM events e
	WHERE e.kind NOT IN ('created', 'mail', 'withheld', 'linked', 'mail-done', 'copy', 'timer', 'queue-watching')
		AND COALESCE(e.cause ->> 'admin', '') = ''
), judged AS (
	SELECT ticket, seq, kind, arrival, CASE
	WHEN agent <> '' AND level < 2
		THEN 'an act of an agent who was not proved'
	WHEN kind = 'entry' AND author <> '' AND level < 2
		THEN 'words of an agent who was not proved'
	WHEN kind = 'entry' AND state = 'visible' AND what IN ('reply', 'note') AND level < 2
		THEN 'a public reply or a note that no proved agent wrote'
	WHEN kind = 'entry' AND state = 'visible' AND what = 'message' AND level < 1 AND rule = '' AND arrival <> opener
		AND NOT EXISTS (SELECT 1 FROM events f WHERE f.ticket = acts.ticket AND f.kind = 'flagged'
			AND f.body ->> 'flag' = 'storm' AND COALESCE(CAST(f.cause ->> 'arrival' AS BIGINT), 0) = acts.arrival)
		THEN 'words of somebody who was not proved, for everybody to see'
	WHEN kind = 'entry-changed' AND becomes = 'visible' AND was = 'held' AND level < 2
		THEN 'a held mail that no proved agent released'
	WHEN kind = 'entry-changed' AND becomes = 'visible' AND level < 1
		THEN 'an unverified mail that nobody released'
	WHEN kind = 'command' AND (level < 1 OR level < 2 AND word NOT IN ('close', 'status', 'stop'))
		THEN 'a command above the level of its mail'
	WHEN rule <> '' OR clock <> ''
		THEN ''
	WHEN kind IN ('status', 'command', 'cc', 'stop', 'entry-changed', 'confirmed', 'assigned', 'requester', 'watcher')
		AND EXISTS (SELECT 1 FROM events a WHERE a.ticket = acts.ticket AND a.kind = 'entry'
			AND COALESCE(CAST(a.cause ->> 'arrival' AS BIGINT), 0) = acts.arrival AND acts.arrival <> 0
			AND COALESCE(CAST(a.body ->> 'automatic' AS TEXT), '') IN ('1', 'true'))
		THEN 'an automatic mail that did something'
	WHEN kind = 'status' AND was IN ('resolved', 'closed') AND becomes NOT IN ('resolved', 'closed') AND level < 1
		THEN 'a reopening by a mail that was not proved'
	WHEN kind IN ('status', 'stop', 'cc', 'verified', 'raised') AND level < 1
		THEN 'a change by a mail that was not proved'
	WHEN kind IN ('assigned', 'queue', 'priority', 'type', 'tags', 'field', 'subject', 'requester', 'watcher',
		'merged', 'disposed', 'revoked', 'confirmed') AND (level < 2 OR agent = '')
		THEN 'a change that only a proved agent may make'
	ELSE '' END AS why
	FROM acts
)
SELECT ticket, seq, kind, arrival, why FROM judged WHERE why <> '' ORDER BY ticket, seq LIMIT $1`
