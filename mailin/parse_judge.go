package mailin

import (
	"strings"

	"postern/mailin/mimetree"
	"postern/tickets"
)

// maxJudged is how many text parts are kept for those who judge bounces and reports.
const maxJudged = 20

// unreadable stands for a text that is encrypted: nothing here ever decrypts.
const unreadable = "[This message is encrypted and cannot be read here.]\n"

// judge fills in what the text means.
func (r *reader) judge(b body) {
	r.m.HTML = b.html
	r.m.Text = b.plain
	r.m.ReplyEnd = len(r.m.Text)
	r.m.Kind = tickets.KindHuman
	r.notes()
}

// notes adds the lines that stand for what is no text: invitations, encrypted parts.
func (r *reader) notes() {
	if r.encrypted {
		r.defects.Add(mimetree.DefectEncrypted)
		if strings.TrimSpace(r.m.Text) == "" {
			r.m.Text, r.m.ReplyStart, r.m.ReplyEnd = unreadable, 0, len(unreadable)
		}
	}
	for _, line := range r.invites {
		r.insert(line)
	}
}

// insert adds a line at the end of the visible reply.
func (r *reader) insert(line string) {
	at := min(max(r.m.ReplyEnd, 0), len(r.m.Text))
	before := strings.TrimRight(r.m.Text[:at], "\n")
	if before != "" {
		before += "\n\n"
	}
	before += line + "\n"
	r.m.Text = before + r.m.Text[at:]
	r.m.ReplyStart, r.m.ReplyEnd = min(r.m.ReplyStart, len(before)), len(before)
}
