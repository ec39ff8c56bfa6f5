package mailout

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	nethtml "golang.org/x/net/html"

	"postern/tickets"
)

// formatted is the HTML of the words of a draft, with the pictures that travel with the
// mail; empty when the words go out as text. Only an agent's proved public reply has any,
// and only for readers who are no agents.
func formatted(d tickets.Draft, b *builder) string {
	e := d.Entry
	if e == nil || e.HTML == "" || d.Mail != tickets.MailReply || d.Recipient.Agent != "" {
		return ""
	}
	if e.Kind != tickets.EntryReply || e.State != tickets.EntryVisible || e.Agent == "" || e.Level < tickets.L2 {
		return ""
	}
	if b, err := tickets.ParseBlock(e.Reply()); err != nil || b.Note {
		return "" // then the text goes out with its first lines, of which the HTML knows nothing
	}
	if !within(e.HTML, spoken(*e)) {
		return "" // whatever was taken out of the text since it was read goes with it
	}
	return imageTag.ReplaceAllStringFunc(e.HTML, func(tag string) string {
		n, err := strconv.Atoi(imageTag.FindStringSubmatch(tag)[1])
		if err != nil || n >= len(e.Parts) {
			return ""
		}
		for i, p := range b.images {
			if p.Part == e.Parts[n] {
				b.shown[i] = true
				return strings.Replace(tag, fmt.Sprintf(`src="cid:%d"`, n), `src="cid:`+b.contentID(i)+`"`, 1)
			}
		}
		return "" // it does not travel; the text names it
	})
}

// within says that the letters of a page stand in a text, in their order. Reading has
// seen to it that they are the text's; this holds what came to the text afterwards.
func within(page, text string) bool {
	z := nethtml.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			return true
		case nethtml.TextToken:
			for _, c := range string(z.Text()) {
				if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
					continue
				}
				i := strings.IndexRune(text, c)
				if i < 0 {
					return false
				}
				text = text[i:]
				text = text[utf8.RuneLen(c):]
			}
		}
	}
}

// imageTag is a picture as Entry.HTML has it. It cannot stand in a text or an attribute
// there: both have their quotes and brackets escaped.
var imageTag = regexp.MustCompile(`<img src="cid:(\d{1,4})"[^<>]*>`)

// wordsHere stands for the words of the entry while the frame around them is made.
const wordsHere = "\uE000words\uE000"

// frame is the text of a draft around the words of its entry; false when a template of an
// admin's sets them otherwise than as lines of their own, or not once.
func (c *Composer) frame(d tickets.Draft) (before, after string, ok bool) {
	e := *d.Entry
	e.Text, e.Start, e.End = wordsHere, 0, len(wordsHere)
	d.Entry = &e
	_, text, err := c.render(d)
	if err != nil {
		return "", "", false
	}
	before, after, ok = strings.Cut("\n"+text, "\n"+wordsHere+"\n")
	return before, after, ok && !strings.Contains(before+after, wordsHere)
}
