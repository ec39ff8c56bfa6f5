package tickets

import (
	"fmt"
	"regexp"
	"strings"
)

// unquote makes an agent's words fit for people outside the agents: what his client
// quoted stays only where it is somebody's public words already. A client quotes the
// whole notice, with notes, addresses that command, and what waits for a release;
// most of it is cut when the mail is read, but not where he writes below or between
// the quoted lines. The question is asked of stored entries, so that nothing new gets out.
// shy: nothing quoted at all stays in automatic mail to an address that never proved
// itself, since the words may be a stranger's (D4).
func (w *work) unquote(e Entry, shy bool) (Entry, error) {
	if !w.ofAgent(e) || !mayQuote(e.Reply()) {
		return e, nil
	}
	public := ""
	if !shy {
		last, err := w.tx.Entries(w.t.ID, 50)
		if err != nil {
			return e, fmt.Errorf("entries of ticket %d: %w", w.t.ID, err)
		}
		public = w.publicWords(last)
	}
	said := e.Reply()
	if e.Text = withoutQuotes(said, public); e.Text != said {
		e.HTML = "" // it says what the text no longer does
	}
	e.Start, e.End = 0, len(e.Text)
	return e, nil
}

// forOutsiders takes from a draft to somebody outside the agents what their clients
// quoted.
func (w *work) forOutsiders(d *Draft) (err error) {
	if !checkUnquote || d.Recipient.Agent != "" {
		return nil
	}
	shy := !d.Recipient.Verified && !d.Mail.Human()
	if d.Entry != nil {
		var e Entry
		if e, err = w.unquote(*d.Entry, shy); err != nil {
			return err
		}
		d.Entry = &e
	}
	for i := range d.History {
		if d.History[i], err = w.unquote(d.History[i], shy); err != nil {
			return err
		}
	}
	return nil
}

// mayQuote is false for most replies: then nobody else's words are looked up.
func mayQuote(reply string) bool { return strings.Contains(reply, ">") || ownLine.MatchString(reply) }

// ownLine is the line on top of our mails, above which one writes, in any language.
var ownLine = regexp.MustCompile(`(?m)^[ \t\x{a0}]*##- .{3,80} -##[ \t\x{a0}]*$`)

// ofAgent: an agent's reply, or his own mail as somebody's requester, whose client may
// quote what only agents read.
func (w *work) ofAgent(e Entry) bool {
	if e.Kind == EntryReply {
		return true
	}
	_, ok := w.s.AgentOf(e.From.Addr)
	return ok
}

// publicWords are all words that people outside have read or written, in one line.
func (w *work) publicWords(entries []Entry) string {
	var b strings.Builder
	for _, e := range entries {
		if !e.Public() {
			continue
		}
		text := e.Text // an outsider's mail is his own, with all that he quotes
		if w.ofAgent(e) {
			text = unmarked(e.Said())
		}
		for l := range strings.Lines(text) {
			b.WriteString(bare(l))
			b.WriteByte(' ')
		}
	}
	return " " + strings.Join(strings.Fields(b.String()), " ") + " "
}

// unmarked are the lines of a text that are not quoted, down to a notice of ours.
func unmarked(text string) string {
	if at := ownLine.FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	var b strings.Builder
	for l := range strings.Lines(text) {
		if !quotedLine(l) {
			b.WriteString(l)
		}
	}
	return b.String()
}

// withoutQuotes drops quoted lines whose words are not public, and everything from an
// unmarked notice of ours on. One mark stands for what was left out.
func withoutQuotes(reply, public string) string {
	if at := ownLine.FindStringIndex(reply); at != nil {
		reply = reply[:at[0]]
	}
	const left = "> […]"
	var out []string
	for _, l := range strings.Split(reply, "\n") {
		switch words := bare(l); {
		case !quotedLine(l) || words != "" && strings.Contains(public, words):
			out = append(out, l)
		case words == "" && len(out) > 0 && out[len(out)-1] != left:
			out = append(out, l)
		case words != "" && (len(out) == 0 || out[len(out)-1] != left):
			out = append(out, left)
		}
	}
	return strings.Join(out, "\n")
}

func quotedLine(l string) bool { return strings.HasPrefix(strings.TrimLeft(l, " \t\u00a0"), ">") }

// bare are the words of a line without the marks of quotes.
func bare(l string) string {
	return strings.Join(strings.Fields(strings.TrimLeft(l, "> \t\u00a0")), " ")
}

// onlyQuotes: the mail holds nothing but a quote and the line that announces it.
func onlyQuotes(text string) bool {
	own, quotes := "", 0
	for l := range strings.Lines(text) {
		if quotedLine(l) {
			quotes++
		} else if l = strings.TrimSpace(l); l != "" {
			own += l
			if quotes > 0 {
				return false
			}
		}
	}
	return quotes > 0 && (own == "" || strings.HasSuffix(own, ":") || strings.HasSuffix(own, "："))
}
