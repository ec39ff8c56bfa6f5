package mailin

import (
	"strings"

	"postern/mailin/mimetree"
	"postern/mailin/replytext"
)

// unreadable stands for a text that is encrypted: nothing here ever decrypts.
const unreadable = "[This message is encrypted and cannot be read here.]\n"

// opaque stands for a text inside an S/MIME signature.
const opaque = "[This message is signed in a form (S/MIME, opaque) whose text cannot be shown here; the original is attached.]\n"

// judge fills in what the text means and what sort of mail it is.
func (r *reader) judge(b body) {
	r.m.HTML = b.html
	r.visible(b)
	r.automatic()
	r.forwarded()
	r.notes()
}

// visible reads the text: what is the reply, and where it ends.
func (r *reader) visible(b body) {
	t := replytext.Read(replytext.Input{
		Plain: b.plain, HasPlain: b.hasPlain, Flowed: b.flowed, DelSp: b.delSp, HTML: b.html, Subject: r.m.Subject,
	})
	r.m.Text, r.m.ReplyStart, r.m.ReplyEnd, r.m.ReplyWhy = t.Text, t.Start, t.End, t.Why
	r.m.CommandText, r.m.CommandsDisagree, r.m.Language, r.m.Forwarded = t.CommandText, t.Disagree, t.Language, t.Forwarded
	for _, d := range t.Defects {
		r.defects.Add(d)
	}
}

// notes adds the lines that stand for what is no text: invitations, encrypted parts.
func (r *reader) notes() {
	if r.encrypted {
		r.defects.Add(mimetree.DefectEncrypted)
		if strings.TrimSpace(r.m.Text) == "" {
			r.m.Text, r.m.ReplyStart, r.m.ReplyEnd = unreadable, 0, len(unreadable)
		}
	}
	if r.opaque {
		r.defects.Add(mimetree.DefectOpaqueSigned)
		if strings.TrimSpace(r.m.Text) == "" {
			r.m.Text, r.m.ReplyStart, r.m.ReplyEnd = opaque, 0, len(opaque)
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
