package tickets

import (
	"fmt"
	"slices"
)

// leaveOut takes attachments out of a draft that the recipient has already: to an
// outsider what he sent himself (his own picture, quoted back at him), to an agent the
// pictures inside a text that an earlier entry of the ticket showed (the logo of a
// signature). Files that somebody attached go to agents each time. Nothing is lost:
// every entry keeps what it came with.
func (w *work) leaveOut(d *Draft, l letter) error {
	if l.entry == nil || len(d.Parts)+len(d.Omitted) == 0 {
		return nil
	}
	last, err := w.tx.Entries(w.t.ID, 50)
	if err != nil {
		return fmt.Errorf("entries of ticket %d: %w", w.t.ID, err)
	}
	known := repeated(*l.entry, last, l.to)
	d.Parts = slices.DeleteFunc(d.Parts, func(p AttachedPart) bool { return known[p.Part.SHA256] })
	d.Omitted = slices.DeleteFunc(d.Omitted, func(p Part) bool { return known[p.SHA256] })
	return nil
}

// repeated decides it from the entries of the ticket.
func repeated(e Entry, earlier []Entry, to Recipient) map[string]bool {
	has := map[string]bool{}
	for _, x := range earlier {
		if x.ID >= e.ID {
			continue
		}
		for _, p := range x.Parts {
			own := to.Agent == "" && x.Kind == EntryMessage && x.State == EntryVisible && x.Participant == to.Participant
			has[p.SHA256] = has[p.SHA256] || own || to.Agent != "" && p.Inline && x.State != EntryQuiet
		}
	}
	out := map[string]bool{}
	for _, p := range e.Parts {
		if p.SHA256 != "" && has[p.SHA256] && (to.Agent == "" || p.Inline) {
			out[p.SHA256] = true
		}
	}
	return out
}
