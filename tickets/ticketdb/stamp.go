package ticketdb

import (
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// stamp is a moment as both databases keep it: UTC, microseconds, NULL for the zero
// time. In SQLite it is text that sorts as time does.
type stamp time.Time

const stampLayout = "2006-01-02 15:04:05.000000-07:00"

// Value writes the moment.
func (s stamp) Value() (driver.Value, error) {
	t := time.Time(s)
	if t.IsZero() {
		return nil, nil
	}
	return moment(t).Format(stampLayout), nil
}

// Scan reads a timestamptz or the text of SQLite.
func (s *stamp) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*s = stamp{}
	case time.Time:
		*s = stamp(moment(v))
	case string:
		t, err := time.Parse(stampLayout, v)
		if err != nil {
			return fmt.Errorf("reading a stored time: %w", err)
		}
		*s = stamp(moment(t))
	case []byte:
		return s.Scan(string(v))
	default:
		return fmt.Errorf("reading a stored time: unexpected %T", v)
	}
	return nil
}

func (s stamp) time() time.Time { return time.Time(s) }

// moment is t as it is stored.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// clean makes text storable: valid UTF-8 without NUL.
func clean(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
}

// cleaned makes every text among the arguments of a statement storable.
func cleaned(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		if v := reflect.ValueOf(a); v.Kind() == reflect.String {
			a = clean(v.String())
		}
		out[i] = a
	}
	return out
}

// longest is the length in octets up to which a key is stored as it is: an index
// of PostgreSQL takes 2704.
const longest = 500

// short is the form under which a text of any length is unique.
func short(s string) string {
	s = clean(s)
	if len(s) <= longest {
		return s
	}
	return "sha256:" + hashed(s)
}

// hashed indexes a long text; empty stays empty.
func hashed(s string) string {
	if s == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(clean(s)))
	return hex.EncodeToString(sum[:])
}

// text is v as JSON, for a column of JSON.
func text(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("writing %T as JSON: %w", v, err)
	}
	return string(b), nil
}

// parse reads a column of JSON; NULL leaves v as it is.
func parse(s *string, v any) error {
	if s == nil || *s == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(*s), v); err != nil {
		return fmt.Errorf("reading %T from JSON: %w", v, err)
	}
	return nil
}
