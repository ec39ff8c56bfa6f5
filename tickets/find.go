package tickets

import "time"

// Search says which tickets to find: those somebody has to work on, most urgent first,
// then the oldest. Zero values ask for all.
type Search struct {
	// Queues are the names of queues any of which will do; nil for all of them.
	Queues     []string
	Assignee   string // agent name
	Unassigned bool   // only those that nobody has
	// Due asks only for tickets that wait for a moment, the next one first.
	Due   bool
	Limit int
}

// Found is a ticket that a Search found, and the moment it waits for: the end of pending,
// else when a timer rule next looks at it. Zero for none.
type Found struct {
	Ticket
	Due time.Time
}

// Likeness asks for done tickets that resemble one: in these queues, with at least two
// of the words, or all of a single one.
type Likeness struct {
	Ticket int64 // which is not looked for
	Queues []string
	Words  []string // as SearchWords makes them
	Limit  int
}

// findTx are the questions of people about tickets they do not write to. Nothing is
// locked: what an answer says may be old when it is read.
type findTx interface {
	// Look reads a ticket without locking it.
	Look(id int64) (Ticket, error)
	// Find lists tickets.
	Find(s Search) ([]Found, error)
	// Way is what became of an arrival, with the questions and answers of its way;
	// ErrNotFound when there is no such arrival.
	Way(arrival int64) (Result, error)
	// Similar lists tickets that were dealt with and share words with a new one, the
	// most alike first.
	Similar(l Likeness) ([]Found, error)
}
