package ticketdb

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"postern/tickets"
)

// newsRow is a line of an agent's news as stored.
type newsRow struct {
	ID     int64
	Agent  string
	Ticket int64
	Seq    int64
	Entry  int64
	Role   string
	Line   string
	Digest bool
	At     stamp
}

// AddNews keeps something an agent is told later; see tickets.Tx.
func (t *tx) AddNews(n tickets.News) error {
	_, err := t.exec(`
		INSERT INTO agent_news (agent, ticket, seq, entry, role, line, digest, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (agent, ticket, seq, role) DO NOTHING`,
		n.Agent, n.Ticket, n.Seq, n.Entry, n.Role, n.Line, n.Digest, stamp(n.At))
	if err != nil {
		return fmt.Errorf("news for agent %s: %w", n.Agent, err)
	}
	return nil
}

// OpenNews lists what an agent was not told yet; see tickets.Tx.
func (t *tx) OpenNews(agent string, n int) ([]tickets.News, error) {
	var rows []newsRow
	err := t.list(&rows, `
		SELECT id, agent, ticket, seq, entry, role, line, digest, at FROM agent_news
		WHERE agent = $1 AND told IS NULL ORDER BY id LIMIT $2`, agent, n)
	if err != nil {
		return nil, fmt.Errorf("news of agent %s: %w", agent, err)
	}
	var out []tickets.News
	for _, r := range rows {
		out = append(out, tickets.News{ID: r.ID, Agent: r.Agent, Ticket: r.Ticket, Seq: r.Seq, Entry: r.Entry,
			Role: r.Role, Line: r.Line, Digest: r.Digest, At: r.At.time()})
	}
	return out, nil
}

// NewsWaits reports whether an agent has open news of a ticket; see tickets.Tx.
func (t *tx) NewsWaits(agent string, ticket int64) (bool, error) {
	var n int
	err := t.get(&n, `SELECT count(*) FROM agent_news WHERE agent = $1 AND told IS NULL AND ticket = $2`, agent, ticket)
	if err != nil {
		return false, fmt.Errorf("news of agent %s: %w", agent, err)
	}
	return n > 0, nil
}

// NewsAgents names the agents who have open news; see tickets.Tx.
func (t *tx) NewsAgents() (out []string, err error) {
	if err := t.list(&out, `SELECT DISTINCT agent FROM agent_news WHERE told IS NULL ORDER BY agent`); err != nil {
		return nil, fmt.Errorf("agents with news: %w", err)
	}
	return out, nil
}

// TellNews books open news as told; see tickets.Tx.
func (t *tx) TellNews(ids []int64, at time.Time) error {
	return t.eachNews(ids, `UPDATE agent_news SET told = $1 WHERE told IS NULL AND id IN `, stamp(at))
}

// DigestNews makes open news wait for a digest; see tickets.Tx.
func (t *tx) DigestNews(ids []int64) error {
	return t.eachNews(ids, `UPDATE agent_news SET digest = $1 WHERE told IS NULL AND id IN `, true)
}

// eachNews carries out a statement that ends where the list of ids stands.
func (t *tx) eachNews(ids []int64, statement string, value any) error {
	if len(ids) == 0 {
		return nil
	}
	f := &filter{}
	f.arg(value)
	places := make([]string, len(ids))
	for i, id := range ids {
		places[i] = f.arg(id)
	}
	if _, err := t.exec(statement+`(`+strings.Join(places, ", ")+`)`, f.args...); err != nil {
		return fmt.Errorf("news: %w", err)
	}
	return nil
}

// LastDigest is when an agent was last told news by a digest; see tickets.Tx.
func (t *tx) LastDigest(agent string) (time.Time, error) {
	var last stamp
	err := t.get(&last, `SELECT told FROM agent_news WHERE agent = $1 AND digest AND told IS NOT NULL ORDER BY told DESC LIMIT 1`, agent)
	if err != nil && !errors.Is(err, tickets.ErrNotFound) {
		return time.Time{}, fmt.Errorf("last digest of agent %s: %w", agent, err)
	}
	return last.time(), nil
}

// OnceADay books that something was done for an agent on a day; see tickets.Tx.
func (t *tx) OnceADay(agent, what, day string, at time.Time) (bool, error) {
	n, err := t.exec(`INSERT INTO agent_days (agent, what, day, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		agent, what, day, stamp(at))
	if err != nil {
		return false, fmt.Errorf("%s of agent %s: %w", what, agent, err)
	}
	return n > 0, nil
}

// Glance reads a ticket without a lock; see tickets.Tx.
func (t *tx) Glance(id int64) (tickets.Ticket, error) {
	var row ticketRow
	if err := t.get(&row, `SELECT `+ticketColumns+` FROM tickets WHERE id = $1`, id); err != nil {
		return tickets.Ticket{}, fmt.Errorf("ticket %d: %w", id, err)
	}
	return row.ticket()
}
