package tickets

// Level is how well a mail proves who says it (policy section 4). Where a mail
// belongs, who says it and whether he may are three questions; a Level answers
// only the second.
type Level int

// The levels.
const (
	L0 Level = iota // anything
	L1              // a participant, proved
	L2              // an agent, proved
	L3              // an approver with his single-use token
)

// String is "L0" to "L3".
func (l Level) String() string { return [...]string{"L0", "L1", "L2", "L3"}[l&3] }
