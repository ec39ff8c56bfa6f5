package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"postern/mailin"
	"postern/mailout"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// outboxCmd works with outgoing mail.
type outboxCmd struct {
	List    outboxListCmd    `cmd:"" help:"List outgoing mail, newest first."`
	Show    outboxShowCmd    `cmd:"" help:"Show an outgoing message, or its octets."`
	Retry   outboxRetryCmd   `cmd:"" help:"Send failed or waiting messages now."`
	Hold    outboxHoldCmd    `cmd:"" help:"Keep queued messages back."`
	Release outboxReleaseCmd `cmd:"" help:"Let held messages go."`
}

// outboxListCmd lists outgoing mail.
type outboxListCmd struct {
	State   string `enum:",queued,sending,sent,failed,held,cancelled" default:"" help:"Only in this state: queued, sending, sent, failed, held, cancelled."`
	Waiting bool   `help:"Only what is queued, being sent or held."`
	Ticket  int64  `help:"Only of this ticket."`
	Queue   string `help:"Only of this queue."`
	Relay   string `help:"Only by this relay."`
	Limit   int    `short:"n" default:"100" help:"At most so many."`
}

// outgoingRow is an outgoing message for programs.
type outgoingRow struct {
	ID        int64     `json:"id"`
	Ticket    int64     `json:"ticket"`
	Kind      string    `json:"kind"`
	Role      string    `json:"role"`
	Recipient string    `json:"recipient"`
	From      string    `json:"envelope_from"`
	To        string    `json:"envelope_to"`
	Subject   string    `json:"subject"`
	MessageID string    `json:"message_id"`
	State     string    `json:"state"`
	At        time.Time `json:"at"`
	NotBefore string    `json:"not_before"`
	NextTry   string    `json:"next_try"`
	Attempts  int       `json:"attempts"`
	Code      string    `json:"code"`
	Answer    string    `json:"answer"`
	Queue     string    `json:"queue"`
	Relay     string    `json:"relay"`
}

func outgoingRows(in []tickets.Outgoing) []outgoingRow {
	out := []outgoingRow{}
	for _, o := range in {
		out = append(out, outgoingRow{o.ID, o.Ticket, string(o.Mail), o.Role, o.Recipient, o.From, o.To, o.Subject, o.MessageID, string(o.State), o.At,
			rfc3339(o.NotBefore), rfc3339(o.NextTry), o.Attempts, o.Code, o.Answer, o.Queue, o.Relay})
	}
	return out
}

// Run prints the list.
func (c *outboxListCmd) Run(ctx context.Context, w *world) error {
	return w.withDatabase(ctx, func(db *ticketdb.DB) error {
		found, err := db.ListOutbox(ctx, ticketdb.OutboxFilter{State: tickets.OutState(c.State), Waiting: c.Waiting, Ticket: c.Ticket,
			Queue: c.Queue, Relay: c.Relay, Limit: c.Limit})
		if err != nil {
			return err
		}
		if w.json {
			return writeJSON(w.out, outgoingRows(found))
		}
		printOutbox(w.out, outgoingRows(found), w.now())
		fmt.Fprintf(w.out, "\n%s\n", plural(len(found), "message"))
		return nil
	})
}

// standing is the state, and until when a message waits that may not go yet.
func (o outgoingRow) standing(now time.Time) string {
	at, err := time.Parse(time.RFC3339, o.NotBefore)
	if err != nil || !at.After(now) || o.State != string(tickets.OutQueued) {
		return o.State
	}
	return o.State + ", waits until " + stamp(at)
}

// due is the next try, unless the message may not go before a later moment anyway. Both
// are RFC 3339 in UTC, which sorts as time does.
func (o outgoingRow) due() string {
	if o.NextTry <= o.NotBefore {
		return ""
	}
	return o.NextTry
}

func printOutbox(out io.Writer, list []outgoingRow, now time.Time) {
	rows := make([][]string, len(list))
	for i, o := range list {
		rows[i] = []string{fmt.Sprint(o.ID), stamp(o.At), o.Role, o.To, o.Subject, o.standing(now), count(o.Attempts), strings.TrimSpace(o.Code + " " + o.Answer)}
	}
	grid(out, 48, []string{"message", "at", "what", "to", "subject", "state", "tries", "answer"}, rows)
}

// outboxShowCmd shows an outgoing message.
type outboxShowCmd struct {
	Message int64 `arg:"" help:"Its number."`
	Raw     bool  `help:"Write its octets as they are sent, and nothing else."`
}

// Run prints the message; exit code 3 when there is none.
func (c *outboxShowCmd) Run(ctx context.Context, w *world) error {
	return w.withDatabase(ctx, func(db *ticketdb.DB) error {
		o, err := db.OutboxRow(ctx, c.Message)
		if err != nil {
			return err
		}
		switch {
		case c.Raw:
			return mailout.Write(w.out, o.Content, partOpener(ctx, db))
		case w.json:
			return writeJSON(w.out, outgoingRows([]tickets.Outgoing{o})[0])
		}
		outgoingRows([]tickets.Outgoing{o})[0].print(w.out, w.now())
		fmt.Fprintln(w.out)
		var b strings.Builder
		if err := mailout.Write(&b, textOnly(o.Content), partOpener(ctx, db)); err != nil {
			return err
		}
		fmt.Fprint(w.out, printable(b.String()))
		return nil
	})
}

// partOpener opens attachments where they lie: in the arrival that brought them.
func partOpener(ctx context.Context, db *ticketdb.DB) mailout.Opener {
	return func(arrival int64, p tickets.Part) (io.ReadCloser, error) {
		raw, err := db.Raw(ctx, arrival)
		if err != nil {
			return nil, fmt.Errorf("attachment of arrival %d: %w", arrival, err)
		}
		return io.NopCloser(mailin.OpenPart(raw, p)), nil
	}
}

// textOnly replaces attachments by a line each, for people.
func textOnly(c tickets.Content) (out tickets.Content) {
	for _, s := range c.Segments {
		if s.Part != nil {
			s = tickets.Segment{Literal: fmt.Appendf(nil, "[%s, %s, %s]\r\n", s.Part.Filename, s.Part.ContentType, bytesText(s.Part.Size))}
		}
		out.Segments = append(out.Segments, s)
	}
	return out
}

// of says which ticket the mail belongs to.
func (o outgoingRow) of() string {
	if o.Ticket == 0 {
		return "of no ticket"
	}
	return fmt.Sprintf("of ticket %d", o.Ticket)
}

func (o outgoingRow) print(out io.Writer, now time.Time) {
	for _, l := range [][2]string{
		{"Message", fmt.Sprintf("%d, %s, %s", o.ID, o.Role, o.of())}, {"State", o.standing(now)}, {"To", o.To + " (" + o.Recipient + ")"},
		{"Return to", or(o.From, "<>")}, {"Composed", stamp(o.At)}, {"Not before", o.NotBefore}, {"Next try", o.due()}, {"Tries", count(o.Attempts)},
		{"Answer", strings.TrimSpace(o.Code + " " + o.Answer)},
	} {
		if l[1] != "" {
			fmt.Fprintf(out, "%-13s %s\n", l[0]+":", oneLine(l[1]))
		}
	}
}

// mailStates say why a message in such a state cannot be changed as asked.
var mailStates = map[tickets.OutState]string{
	tickets.OutQueued: "is queued already", tickets.OutSending: "is being sent just now", tickets.OutSent: "was sent already",
	tickets.OutFailed: "has failed; postern outbox retry sends it again", tickets.OutHeld: "is held; postern outbox release lets it go",
	tickets.OutCancelled: "was cancelled",
}

// stateOfMail says why a message cannot be changed.
func stateOfMail(ctx context.Context, db *ticketdb.DB, id int64) string {
	o, err := db.OutboxRow(ctx, id)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("message %d %s", id, mailStates[o.State])
}

// outboxRetryCmd sends now.
type outboxRetryCmd struct {
	Message []int64 `arg:"" help:"Their numbers."`
}

// Run queues them, due at once.
func (c *outboxRetryCmd) Run(ctx context.Context, w *world) error {
	return changeEach(ctx, w, c.Message, rowChange{"message %d is queued", (*ticketdb.DB).RetryOutbox, stateOfMail})
}

// outboxHoldCmd keeps mail back.
type outboxHoldCmd struct {
	Message []int64 `arg:"" help:"Their numbers."`
}

// Run holds them until they are released.
func (c *outboxHoldCmd) Run(ctx context.Context, w *world) error {
	return changeEach(ctx, w, c.Message, rowChange{"message %d is held", (*ticketdb.DB).HoldOutbox, stateOfMail})
}

// outboxReleaseCmd lets mail go.
type outboxReleaseCmd struct {
	Message []int64 `arg:"" help:"Their numbers."`
}

// Run queues held messages.
func (c *outboxReleaseCmd) Run(ctx context.Context, w *world) error {
	return changeEach(ctx, w, c.Message, rowChange{"message %d is queued", (*ticketdb.DB).ReleaseOutbox, stateOfMail})
}
