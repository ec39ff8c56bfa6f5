package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// inboxCmd works with arrivals: messages as they came in.
type inboxCmd struct {
	List  inboxListCmd  `cmd:"" help:"List arrivals, newest first."`
	Show  inboxShowCmd  `cmd:"" help:"Show an arrival, or its octets."`
	Retry inboxRetryCmd `cmd:"" help:"Read quarantined or failed arrivals again."`
}

// inboxListCmd lists arrivals.
type inboxListCmd struct {
	State   string `enum:",new,done,quarantined" default:"" help:"Only in this state: new, done, quarantined."`
	Outcome string `enum:",entry,copy,returned,bounce,rejected,quarantined,command,confirmation,old" default:"" help:"Only with this outcome: entry, copy, returned, bounce, rejected, quarantined, command, confirmation, old."`
	Source  string `help:"Only from this listener or mailbox."`
	Ticket  int64  `help:"Only of this ticket."`
	Failed  bool   `help:"Only those whose last reading failed."`
	Limit   int    `short:"n" default:"100" help:"At most so many."`
}

// arrivalView is an arrival for programs.
type arrivalView struct {
	ID         int64     `json:"id"`
	At         time.Time `json:"at"`
	Via        string    `json:"via"`
	Role       string    `json:"role"`
	Source     string    `json:"source"`
	Peer       string    `json:"peer"`
	AuthAgent  string    `json:"auth_agent"`
	From       *string   `json:"envelope_from"`
	To         []string  `json:"envelope_to"`
	Queue      string    `json:"queue"`
	Size       int64     `json:"size"`
	SHA256     string    `json:"sha256"`
	State      string    `json:"state"`
	Attempts   int       `json:"attempts"`
	NextTry    string    `json:"next_try"`
	Error      string    `json:"error"`
	Outcome    string    `json:"outcome"`
	Ticket     int64     `json:"ticket"`
	Entry      int64     `json:"entry"`
	Copy       int64     `json:"copy_of"`
	Why        string    `json:"why"`
	MessageID  string    `json:"message_id"`
	ContentKey string    `json:"content_key"`
	Quiet      string    `json:"quiet"`
	Released   string    `json:"released_by"`
	Defects    []string  `json:"defects"`
}

func viewArrival(i ticketdb.ArrivalInfo) arrivalView {
	a, r := i.Arrival, i.Result
	by := ""
	if a.Released != nil {
		by = a.Released.String()
	}
	return arrivalView{Released: by, ID: a.ID, At: a.At, Via: string(a.Via), Role: string(a.Role), Source: a.Source, Peer: a.Peer, AuthAgent: a.AuthAgent,
		From: a.From, To: list(a.To), Queue: a.Queue, Size: a.Size, SHA256: a.SHA256, State: string(i.State), Attempts: i.Attempts,
		NextTry: rfc3339(i.NextTry), Error: i.Error, Outcome: string(r.Outcome), Ticket: r.Ticket, Entry: r.Entry, Copy: r.Copy, Why: r.Why,
		MessageID: r.MessageID, ContentKey: r.ContentKey, Quiet: a.Quiet, Defects: list(a.Defects)}
}

// Run prints the list.
func (c *inboxListCmd) Run(ctx context.Context, w *world) error {
	return w.withDatabase(ctx, func(db *ticketdb.DB) error {
		found, err := db.ListArrivals(ctx, ticketdb.ArrivalFilter{State: tickets.ArrivalState(c.State), Outcome: tickets.Outcome(c.Outcome),
			Source: c.Source, Ticket: c.Ticket, Failed: c.Failed, Limit: c.Limit})
		if err != nil {
			return err
		}
		views := make([]arrivalView, len(found))
		for i, f := range found {
			views[i] = viewArrival(f)
		}
		if w.json {
			return writeJSON(w.out, views)
		}
		rows := make([][]string, len(views))
		for i, v := range views {
			rows[i] = []string{fmt.Sprint(v.ID), stamp(v.At), v.Via + " " + v.Source, v.sender(), bytesText(v.Size),
				or(v.Outcome, v.State), count(int(v.Ticket)), or(v.Why, v.Error)}
		}
		grid(w.out, 48, []string{"arrival", "at", "by", "envelope from", "size", "outcome", "ticket", "why"}, rows)
		fmt.Fprintf(w.out, "\n%s\n", plural(len(views), "arrival"))
		return nil
	})
}

// sender is the envelope sender as people write it.
func (v arrivalView) sender() string {
	switch {
	case v.From == nil:
		return ""
	case *v.From == "":
		return "<>"
	}
	return *v.From
}

// inboxShowCmd shows an arrival.
type inboxShowCmd struct {
	Arrival int64 `arg:"" help:"Its number."`
	Raw     bool  `help:"Write its octets as they came, and nothing else."`
}

// Run prints the arrival; exit code 3 when there is none.
func (c *inboxShowCmd) Run(ctx context.Context, w *world) error {
	return w.withDatabase(ctx, func(db *ticketdb.DB) error {
		info, err := db.ArrivalRow(ctx, c.Arrival)
		if err != nil {
			return err
		}
		switch {
		case c.Raw:
			raw, err := db.Raw(ctx, c.Arrival)
			if err != nil {
				return err
			}
			_, err = io.Copy(w.out, io.NewSectionReader(raw, 0, raw.Size()))
			return err
		case w.json:
			return writeJSON(w.out, viewArrival(info))
		}
		viewArrival(info).print(w.out)
		return nil
	})
}

func (v arrivalView) print(out io.Writer) {
	for _, l := range [][2]string{
		{"Arrival", fmt.Sprintf("%d, %s", v.ID, stamp(v.At))}, {"By", strings.TrimSpace(v.Via + " " + v.Source + " (" + v.Role + ") " + v.Peer)},
		{"Logged in", v.AuthAgent}, {"From", v.sender()}, {"To", strings.Join(v.To, ", ")}, {"Size", bytesText(v.Size)}, {"SHA-256", v.SHA256},
		{"Message-ID", v.MessageID}, {"State", v.State}, {"Outcome", v.Outcome}, {"Ticket", count(int(v.Ticket))}, {"Copy of", count(int(v.Copy))},
		{"Why", v.Why}, {"Attempts", count(v.Attempts)}, {"Next try", v.NextTry}, {"Released by", v.Released}, {"Error", v.Error}, {"Quiet", v.Quiet}, {"Defects", strings.Join(v.Defects, ", ")},
	} {
		if l[1] != "" {
			fmt.Fprintf(out, "%-13s %s\n", l[0]+":", oneLine(l[1]))
		}
	}
}

// inboxRetryCmd reads arrivals again.
type inboxRetryCmd struct {
	Arrival []int64 `arg:"" help:"Their numbers."`
}

// Run makes them new and due; a running gateway takes them up within seconds.
func (c *inboxRetryCmd) Run(ctx context.Context, w *world) error {
	return changeEach(ctx, w, c.Arrival, rowChange{"arrival %d will be read again", (*ticketdb.DB).RetryArrival,
		func(_ context.Context, _ *ticketdb.DB, id int64) string {
			return fmt.Sprintf("arrival %d is done already", id)
		}})
}

// rowChange is what a verb does to a row.
type rowChange struct {
	done string // what to say then, with %d for the row's number
	do   func(*ticketdb.DB, context.Context, int64) error
	not  func(context.Context, *ticketdb.DB, int64) string // why it cannot be done
}

// changeEach changes row after row; one that cannot be changed does not keep the others.
func changeEach(ctx context.Context, w *world, ids []int64, c rowChange) error {
	return w.withDatabase(ctx, func(db *ticketdb.DB) error {
		var errs []error
		changed := []int64{}
		for _, id := range ids {
			err := c.do(db, ctx, id)
			if errors.Is(err, ticketdb.ErrState) {
				err = fmt.Errorf("%w: %s", errRefused, or(c.not(ctx, db, id), err.Error()))
			}
			if err != nil {
				errs = append(errs, err)
				continue
			}
			changed = append(changed, id)
			if !w.json {
				fmt.Fprintf(w.out, c.done+"\n", id)
			}
		}
		if w.json {
			errs = append(errs, writeJSON(w.out, map[string]any{"changed": changed}))
		}
		return errors.Join(errs...)
	})
}
