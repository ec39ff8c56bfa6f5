package tickets

import (
	"regexp"
	"slices"
	"strings"
)

// seekBehalf plans "#on-behalf ADDR": the ticket belongs to somebody else. On a mail
// that an agent forwards the address may be left out: it is that of the forwarded
// header block, never one from the text around it, and never a guess.
func seekBehalf(w *work, _ Agent, c Command, t Ticket) ([]deed, error) {
	who, how, err := w.behalfOf(c)
	if err != nil {
		return nil, err
	}
	if why, hint := w.s.writable(who); why != "" {
		return nil, &BlockError{c.Line, why, hint}
	}
	p, err := w.known(who)
	if err != nil {
		return nil, err
	}
	if p.ID != 0 && p.ID == t.Requester {
		return []deed{{cmd: c, did: "requester: " + who.shown() + ", as before", book: "requester as before"}}, nil
	}
	before := "nobody"
	if old, err := w.person(t.Requester); err == nil {
		before = Address{Name: old.Name, Addr: old.Address}.shown()
	}
	return []deed{{cmd: c, job: behalfJob{who}, did: "requester: " + before + " → " + who.shown() + how, book: "requester changed"}}, nil
}

func (w *work) behalfOf(c Command) (who Address, how string, err error) {
	if c.Args != "" {
		who, ok := typedAddress(c.Args)
		if !ok {
			return who, "", &BlockError{c.Line, c.Args + " is no address", "write it as #on-behalf ann@example.net"}
		}
		return who, "", nil
	}
	if w.original == nil {
		return who, "", &BlockError{c.Line, "it does not say on whose", "write #on-behalf ann@example.net, or forward that person's mail"}
	}
	f := w.original.From
	if f.Guessed || f.Addr == "" {
		return f, "", &BlockError{c.Line, "the forwarded mail does not show its sender's address", "write #on-behalf ann@example.net"}
	}
	return f, " (who wrote the mail that you forwarded)", nil
}

// behalfJob gives the ticket to somebody. Who had it before is written to no more,
// unless he is put in copy.
type behalfJob struct{ who Address }

func (j behalfJob) run(w *work) (string, error) {
	p, err := w.tx.ParticipantOf(j.who)
	if err != nil || p.ID == w.t.Requester {
		return "", err
	}
	w.happen(RequesterSet{From: w.t.Requester, To: p.ID, Verified: p.Verified}, w.cause, nil)
	if slices.Contains(w.t.CC, p.ID) {
		w.add(CCSet{p.ID, false}, w.cause)
	}
	return "", nil
}

// behalf is what an agent's new mail opens a ticket with when it is a forward that
// says on whose behalf: the forwarded words, and what the agent wrote above them.
type behalf struct {
	original *Forwarded
	remark   string
}

// prepareBehalf looks whether the new mail is a proved agent's forward on somebody's
// behalf. A block with a mistake changes nothing: the mail stays the agent's own.
func (w *work) prepareBehalf() error {
	if w.ev.Level < L2 || w.ev.Agent == "" || w.msg.Automatic || w.msg.Forwarded == nil {
		return nil
	}
	b, err := w.openingBlock()
	if err != nil || !slices.ContainsFunc(b.Commands, func(c Command) bool { return c.Word == "on-behalf" }) {
		return nil
	}
	ag, _ := w.s.Agent(w.ev.Agent)
	if w.mayWork(ag) != "" {
		return nil
	}
	if _, err := w.planBlock(b, ag); err != nil {
		return asBlock(err, func(*BlockError) error { return nil })
	}
	w.behalf = &behalf{w.msg.Forwarded, remark(b.Text)}
	return nil
}

// openingBlock reads the block of an agent's new mail. Of a forward only what stands
// above the forwarded mail is his: a line of the other's is no command.
func (w *work) openingBlock() (Block, error) {
	w.original = w.msg.Forwarded
	if w.msg.CommandsDisagree {
		return Block{}, errDisagree(w.msg.Reply())
	}
	own := w.msg.Reply()
	if f := w.msg.Forwarded; f != nil && f.Text != "" {
		if i := strings.Index(own, f.Text); i >= 0 {
			own = own[:i]
		}
	}
	return ParseBlock(own)
}

// forwarded makes the first entry the forwarded mail's: the words, the subject, and the
// name beside them. Nothing of it is proved; an agent says so.
func (w *work) forwarded(e *Entry) error {
	if w.behalf == nil {
		return nil
	}
	o := w.behalf.original
	e.From, e.Subject, e.Text, e.Participant, e.Level = o.From, o.Subject, o.Text, 0, L0
	e.Start, e.End = 0, len(e.Text)
	ag, _ := w.s.Agent(w.ev.Agent)
	e.Why = "forwarded by " + orElse(ag.Display, ag.Name)
	if why, _ := w.s.writable(o.From); why != "" {
		return nil
	}
	p, err := w.tx.ParticipantOf(o.From)
	e.Participant = p.ID
	return err
}

// keepRemark keeps what the agent wrote above the forwarded mail, among agents: whom
// it was meant for cannot be told.
func (w *work) keepRemark() error {
	if w.behalf == nil || w.behalf.remark == "" {
		return nil
	}
	e := w.entry(EntryNote, EntryVisible)
	e.Text, e.Start, e.End, e.Agent, e.Parts, e.MessageID = w.behalf.remark, 0, len(w.behalf.remark), w.ev.Agent, nil, ""
	e.Why = "above a forwarded mail"
	_, err := w.addEntry(e, w.cause)
	return err
}

var (
	fieldLine   = regexp.MustCompile(`^[\s>*]*\pL[^:]{0,30}[:：](\s|\*|$)`)
	dividerLine = regexp.MustCompile(`^[\s>]*[-_=]{2,}|[:：]\s*$`)
)

// remark is the own text above a forwarded mail, without the divider and the header
// block at its end.
func remark(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	fields := 0
	for len(lines) > 0 && fields < 12 {
		last := tidy(lines[len(lines)-1])
		divider := dividerLine.MatchString(last)
		if last != "" && !divider && !fieldLine.MatchString(last) {
			break
		}
		lines = lines[:len(lines)-1]
		if last != "" {
			fields++
		}
		if divider {
			break
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// errDisagree: the two parts of a mail begin with different commands.
func errDisagree(reply string) error {
	return &BlockError{firstLine(reply), "the text and the HTML of your mail begin with different commands",
		"write it again as plain text, or send it as it is with #release"}
}
