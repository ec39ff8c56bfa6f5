package tickets

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Order is one line of an answer to a list: a command, and what it is about.
type Order struct {
	Command
	Refs []Ref
}

// Ref names something that stands in a list.
type Ref struct {
	Kind RefKind
	ID   int64
}

// RefKind is what a Ref names, as lists spell it.
type RefKind string

// The kinds: #12 or [IT #12], m17, e23.
const (
	RefTicket  RefKind = "#"
	RefArrival RefKind = "m" // a mail that is held back and belongs to no ticket yet
	RefEntry   RefKind = "e" // a message on a ticket that waits for a release
)

// String is the ref as a person writes it: "#12", "m17".
func (r Ref) String() string { return fmt.Sprintf("%s%d", r.Kind, r.ID) }

// orderWords are the commands that may be given to a ticket of a list, and itemWords
// those for what is held back. All others need the ticket's own mail, because words or
// a conversation belong to them.
var (
	orderWords = []string{"take", "assign", "queue", "status", "resolve", "close", "reopen", "pending",
		"hold", "priority", "type", "tag", "untag", "watch", "unwatch", "spam"}
	itemWords = []string{"release", "reject", "join"}
)

// maxOrders bounds the lines of one answer, maxOrdered what they name together.
const (
	maxOrders  = 40
	maxOrdered = 100
)

// maxOrderLine bounds one order, in bytes: it is kept with a question and mailed with
// it, and a From that lies may have written it.
const maxOrderLine = 400

// refWord is one ref at the end of a command's arguments.
var refWord = regexp.MustCompile(`^\[?(#|m|e)([1-9][0-9]{0,11})\]?[,;]?$`)

// joinTo is the one ticket that #join names.
var joinTo = regexp.MustCompile(`^\[?#?([1-9][0-9]{0,11})\]?[,;]?$`)

// cutRefs takes the refs off the end of a command's arguments, as many as one mail may
// name. It looks at each word once: strangers' lines come here.
func cutRefs(args string) (rest string, refs []Ref) {
	for len(refs) <= maxOrdered {
		g := refWord.FindStringSubmatch(args[strings.LastIndexByte(args, ' ')+1:])
		if g == nil {
			break
		}
		n, err := strconv.ParseInt(g[2], 10, 64)
		if err != nil {
			break
		}
		refs = append(refs, Ref{RefKind(g[1]), n})
		args = strings.TrimSpace(args[:strings.LastIndexByte(args, ' ')+1])
	}
	slices.Reverse(refs)
	return args, refs
}

// topBlock is what stands at the very top of a mail in lines of commands. Below it a
// client may quote strangers' words without a mark, or break their lines anywhere.
func topBlock(text string) string {
	end := 0
	for line := range strings.Lines(text) {
		if _, _, ok := commandLine(tidy(line)); !ok && tidy(line) != "" {
			break
		}
		end += len(line)
	}
	return text[:end]
}

var (
	quoteMarks = regexp.MustCompile(`^[>\s|]*>`)
	itemLine   = regexp.MustCompile(`^\[(m|e)([1-9][0-9]{0,11})\]`)
)

// itemOf is what a quoted line of a list is about: it begins with "[IT #12]", "[m17]"
// or "[e23]".
func itemOf(line string, queues []Queue) (Ref, bool) {
	if g := itemLine.FindStringSubmatch(line); g != nil {
		n, err := strconv.ParseInt(g[2], 10, 64)
		return Ref{RefKind(g[1]), n}, err == nil
	}
	at := tagPattern.FindStringSubmatchIndex(line)
	if at == nil || at[0] != 0 || !ourTag(line[at[2]:at[3]], queues) {
		return Ref{}, false
	}
	n, err := strconv.ParseInt(line[at[4]:at[5]], 10, 64)
	return Ref{RefTicket, n}, err == nil
}

// Orders are what an agent's answer to a list says.
type Orders struct{ List []Order }

// ParseOrders reads an answer to a list. At its top a command names what it is about
// at the end of the line: "#resolve #12 #15", "#assign bea #12", "#release m17 e23".
// Below a line of the quoted list a command is about that line. Quoted lines never
// command. One mistake, and the whole answer is a *BlockError.
func ParseOrders(text string, queues []Queue) (Orders, error) {
	r := orderReader{queues: queues}
	for line := range strings.Lines(text) {
		if err := r.line(tidy(line)); err != nil {
			return Orders{}, err
		}
	}
	return r.out, nil
}

// orderReader goes through an answer line by line.
type orderReader struct {
	queues []Queue
	out    Orders
	below  *Ref // the item of the list that stands above
	gap    bool // an empty line of the list stood below the item
	total  int
}

func (r *orderReader) line(line string) error {
	plain := strings.TrimSpace(quoteMarks.ReplaceAllString(line, ""))
	quoted := plain != line
	if ref, ok := itemOf(plain, r.queues); ok {
		r.below, r.gap = &ref, false
		return nil
	}
	switch {
	case plain == "":
		r.gap = r.gap || quoted
		return nil
	case quoted:
		if r.gap {
			r.below = nil // the list goes on with something that is no item
		}
		return nil
	}
	word, args, ok := commandLine(line)
	if !ok {
		return nil // words, or whose mail it quotes
	}
	return r.order(Command{N: len(r.out.List) + 1, Word: word, Args: args, Line: line})
}

func (r *orderReader) order(c Command) error {
	if len(c.Line) > maxOrderLine {
		return &BlockError{cut(c.Line, 80), fmt.Sprintf("a line of more than %d bytes is no command", maxOrderLine), ""}
	}
	all := slices.Concat(orderWords, itemWords)
	if !slices.Contains(all, c.Word) {
		if slices.Contains(words, c.Word) {
			return &BlockError{c.Line, "#" + c.Word + " is for one ticket", "reply to a mail of that ticket"}
		}
		hint := "in a list: #" + strings.Join(all, " #")
		if near := nearest(c.Word, all); near != "" {
			hint = "did you mean #" + near + "?"
		}
		return &BlockError{c.Line, "there is no command #" + c.Word, hint}
	}
	o := Order{Command: c}
	if r.below != nil && c.Word == "join" {
		o.Refs = []Ref{*r.below} // what it names is where to
	} else if o.Args, o.Refs = cutRefs(c.Args); len(o.Refs) == 0 && r.below != nil {
		o.Refs = []Ref{*r.below}
	}
	if c.Word == "join" && r.below == nil && len(o.Refs) > 1 && o.Refs[0].Kind == RefTicket && o.Args == "" {
		o.Args, o.Refs = o.Refs[0].String(), o.Refs[1:] // #join #12 m17
	}
	if g := joinTo.FindStringSubmatch(o.Args); c.Word == "join" && g != nil {
		o.Args = "#" + g[1]
	}
	if err := o.names(); err != nil {
		return err
	}
	r.total += len(o.Refs)
	if r.out.List = append(r.out.List, o); len(r.out.List) > maxOrders || r.total > maxOrdered {
		return &BlockError{c.Line, fmt.Sprintf("more than %d commands, or %d things named, in one mail", maxOrders, maxOrdered), ""}
	}
	return nil
}

// names says what is wrong with what an order is about.
func (o Order) names() error {
	item := slices.Contains(itemWords, o.Word)
	if o.Word == "join" && len(o.Refs) > 0 && !joinTo.MatchString(o.Args) && o.Refs[0].Kind != RefTicket {
		return &BlockError{o.Line, "it names no ticket", "#join #12 m17, or #join #12 alone below its line"}
	}
	if len(o.Refs) == 0 {
		if item {
			return &BlockError{o.Line, "it names nothing of the list", fmt.Sprintf("#%s m17, or #%s alone below its line", o.Word, o.Word)}
		}
		return &BlockError{o.Line, "it names no ticket", fmt.Sprintf("#%s #12, or #%s alone below the ticket's line", o.Word, o.Word)}
	}
	for _, ref := range o.Refs {
		switch {
		case item && ref.Kind == RefTicket:
			return &BlockError{o.Line, fmt.Sprintf("#%s is for what is held back, not for ticket %d", o.Word, ref.ID), "name it as the list does: m17 or e23"}
		case !item && ref.Kind != RefTicket:
			return &BlockError{o.Line, fmt.Sprintf("%s is no ticket", ref), "for it: #release, #reject, #join #12"}
		}
	}
	return nil
}

// String is the order as a line that ParseOrders reads again.
func (o Order) String() string {
	parts := []string{"#" + o.Word}
	if o.Args != "" {
		parts = append(parts, o.Args)
	}
	for _, r := range o.Refs {
		parts = append(parts, r.String())
	}
	return strings.Join(parts, " ")
}
