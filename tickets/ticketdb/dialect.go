package ticketdb

import (
	"regexp"
	"strings"
	"sync"

	"postern/migrations"
)

// A dialect is what differs between the two databases. SQL is written with $1, $2
// and these words in braces:
//
//	{lock}     holds the row read until the end of the transaction
//	{skip}     the same, passing over rows that others hold
//	{now}      the database's clock
//	{later $n} the database's clock and $n seconds
type dialect struct {
	name  string
	words *strings.Replacer
	later string // for {later $n}, with $n
	again func(error) bool
	// Full-text search: the condition and the order with $1 for the words, the quotation
	// mark around a word, and what stands between words when any or all (true) must match.
	match, rank, quote string
	join               map[bool]string
	known              sync.Map // SQL as written → SQL of the dialect
}

var laterWord = regexp.MustCompile(`\{later (\$\d+)\}`)

// sql translates a statement; the same statement is translated once.
func (d *dialect) sql(q string) string {
	if s, ok := d.known.Load(q); ok {
		return s.(string)
	}
	s := d.words.Replace(laterWord.ReplaceAllString(q, d.later))
	d.known.Store(q, s)
	return s
}

// Time stands in SQLite as text of this shape, which sorts as time does.
const sqliteNow = `strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'`

func sqliteDialect() *dialect {
	return &dialect{
		name: migrations.SQLite,
		// One writer at a time: every row is locked already.
		words: strings.NewReplacer("{lock}", "", "{skip}", "", "{now}", sqliteNow+")"),
		later: sqliteNow + `, '+' || $1 || ' seconds')`,
		again: sqliteAgain,
		match: `entry_words MATCH $1`, rank: `w.rank`, quote: `"`, join: map[bool]string{false: " OR ", true: " AND "},
	}
}

func postgresDialect() *dialect {
	return &dialect{
		name:  migrations.Postgres,
		words: strings.NewReplacer("{lock}", "FOR UPDATE", "{skip}", "FOR UPDATE SKIP LOCKED", "{now}", "clock_timestamp()"),
		later: `clock_timestamp() + CAST($1 AS DOUBLE PRECISION) * INTERVAL '1 second'`,
		again: postgresAgain,
		match: `w.vector @@ to_tsquery('simple', $1)`, rank: `ts_rank(w.vector, to_tsquery('simple', $1)) DESC`,
		quote: `'`, join: map[bool]string{false: " | ", true: " & "},
	}
}

// lockText holds a name until the end of the transaction. Among the transactions of
// SQLite only one writes anyway.
func (t *tx) lockText(name string) error {
	if t.d.name == migrations.SQLite {
		return nil
	}
	var none string
	return t.get(&none, `SELECT CAST(pg_advisory_xact_lock(hashtextextended($1, 0)) AS TEXT)`, name)
}
