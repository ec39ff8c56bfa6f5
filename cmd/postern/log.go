package main

import (
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxLogValue bounds one value in the log, in octets; the rest is cut.
const maxLogValue = 1024

// newLog makes the log of a program: one event is one line, the time is UTC, and the
// keys are always the same (docs/operations.md lists them). What comes from mail
// is escaped, so that no message can write a line of its own.
func newLog(out io.Writer, level slog.Leveler, format string) *slog.Logger {
	opt := &slog.HandlerOptions{Level: level, ReplaceAttr: logValue}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(out, opt))
	}
	return slog.New(slog.NewTextHandler(out, opt))
}

// logValue cleans one attribute; errors, strings and whatever prints itself.
func logValue(_ []string, a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch {
	case a.Key == slog.TimeKey && v.Kind() == slog.KindTime:
		return slog.String(a.Key, v.Time().UTC().Format("2006-01-02T15:04:05.000000Z"))
	case v.Kind() == slog.KindString:
		return slog.String(a.Key, logText(v.String()))
	case v.Kind() == slog.KindDuration:
		return slog.String(a.Key, v.Duration().Round(time.Microsecond).String())
	case v.Kind() == slog.KindAny && a.Key != slog.LevelKey:
		return slog.String(a.Key, logText(v.String()))
	}
	return a
}

// logText makes a value fit for one line: no control characters, valid UTF-8, bounded.
func logText(s string) string {
	if len(s) > maxLogValue {
		cut := maxLogValue
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexFunc(s, unprintable) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unprintable(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// unprintable finds what could mislead a reader of the log: control characters
// above ASCII, direction overrides. Both handlers escape ASCII's own.
func unprintable(r rune) bool { return r >= 0x7f && !unicode.IsPrint(r) }
