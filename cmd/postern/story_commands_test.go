package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"postern/rules/strictyaml"
	"postern/tickets"
)

func init() {
	verbs["ledger"] = (*story).readLedger
	verbs["limit"] = (*story).limit
	verbs["accept"] = func(s *story, a []string) error { delete(s.refuse, a[0]); return nil }
}

// limit sets a limit of the configuration and reloads it: limit reply_hold 2m.
func (s *story) limit(args []string) error {
	d, err := duration(args[1])
	if err != nil {
		return err
	}
	switch args[0] {
	case "reply_hold":
		s.cfg.Limits.ReplyHold = strictyaml.Duration(d)
	case "undo_window":
		s.cfg.Limits.UndoWindow = strictyaml.Duration(d)
	case "conflict_hold":
		s.cfg.Limits.ConflictHold = strictyaml.Duration(d)
	default:
		return fmt.Errorf("no such limit: %s", args[0])
	}
	s.start()
	return nil
}

// readLedger looks for words in the events of a ticket as they are stored: has=, not=.
func (s *story) readLedger(args []string) error {
	rest, opt := options(args)
	id, err := strconv.ParseInt(rest[0], 10, 64)
	if err != nil {
		return err
	}
	events, err := s.db.EventsOf(context.Background(), id)
	if err != nil {
		return err
	}
	var all strings.Builder
	for _, e := range events {
		kind, data, err := tickets.EncodeBody(e.Body)
		if err != nil {
			return err
		}
		fmt.Fprintf(&all, "%d %s %s\n", e.Seq, kind, data)
	}
	if has := opt["has"]; !strings.Contains(all.String(), has) {
		return fmt.Errorf("%q is not in\n%s", has, all.String())
	}
	if not := opt["not"]; not != "" && strings.Contains(all.String(), not) {
		return fmt.Errorf("%q is in\n%s", not, all.String())
	}
	return nil
}
