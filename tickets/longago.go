package tickets

// longAgo: a mail that an old mailbox shows now, older than any that may act. What an
// agent wrote then was said and done then: it commands nothing, and nobody is sent it.
func (w *work) longAgo() bool {
	if w.arrival == nil || w.arrival.Quiet == "" {
		return false
	}
	return w.msg.Date.IsZero() || w.at.Sub(w.msg.Date) > w.s.Limits.ReplayAge
}

// joinLongAgo keeps an agent's old mail on the ticket it belongs to, for agents to read.
func (w *work) joinLongAgo(e Entry) error {
	e.Kind, e.State, e.Why = EntryNote, EntryQuiet, "an agent's old mail: "+w.arrival.Quiet
	e, err := w.addEntry(e, w.cause)
	if err != nil {
		return err
	}
	w.trace.Add("may it act?", "no: "+e.Why)
	return w.done(e)
}
