package mailin

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/tickets"
)

var update = flag.Bool("update", false, "write the .want files anew from what is read now")

// TestFixtures reads every message of testdata and compares with its .want,
// whose first lines, marked #, name the quirk and where it was met.
func TestFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d fixtures (%v), at least 100 are promised", len(files), err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".eml"), func(t *testing.T) {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			wantFile := strings.TrimSuffix(name, ".eml") + ".want"
			old, err := os.ReadFile(wantFile)
			if err != nil {
				t.Fatal(err)
			}
			source := comment(string(old))
			if !strings.Contains(source, "# source: ") {
				t.Fatalf("%s names no source", wantFile)
			}
			in := octets{strings.NewReader(string(b))}
			m := Parse(context.Background(), in, Envelope{})
			for _, p := range m.Attachments {
				samePart(t, in, p)
			}
			got := []byte(source + view(m))
			if *update {
				if err := os.WriteFile(wantFile, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if !bytes.Equal(got, old) {
				t.Errorf("%s\n--- got\n%s--- want\n%s", name, got, old)
			}
		})
	}
}

func comment(want string) string {
	var b strings.Builder
	for line := range strings.Lines(want) {
		if !strings.HasPrefix(line, "#") {
			break
		}
		b.WriteString(line)
	}
	return b.String()
}

// view writes what was read as a person would want to check it; what is empty is left out.
func view(m tickets.Message) string {
	var b strings.Builder
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-12s %s\n", name+":", value)
		}
	}
	field("subject", m.Subject)
	field("from", people(m.From))
	if m.Froms != 1 {
		field("froms", fmt.Sprint(m.Froms))
	}
	field("sender", people(m.Sender))
	field("to", people(m.To))
	field("cc", people(m.Cc))
	field("reply-to", people(m.ReplyTo))
	field("delivered-to", strings.Join(m.DeliveredTo, ", "))
	if m.ReturnPath != nil {
		field("return-path", "<"+*m.ReturnPath+">")
	}
	if !m.Date.IsZero() {
		field("date", m.Date.Format(time.RFC3339))
	}
	field("message-id", m.MessageID)
	field("in-reply-to", strings.Join(m.InReplyTo, " "))
	field("references", strings.Join(m.References, " "))
	viewTrace(field, m)
	viewJudgement(field, m)
	for _, p := range m.Attachments {
		inline := ""
		if p.Inline {
			inline = ", inline " + p.ContentID
		}
		field("attachment", fmt.Sprintf("%s (%s, %d octets%s) %.12s", p.Filename, p.ContentType, p.Size, inline, p.SHA256))
	}
	field("defects", strings.Join(m.Defects, " "))
	viewText(&b, m)
	return b.String()
}

func viewTrace(field func(name, value string), m tickets.Message) {
	for _, a := range m.Auth {
		var results []string
		for _, r := range a.Results {
			results = append(results, r.Method+"="+r.Value)
		}
		field("auth", fmt.Sprintf("%s below %d: %s", a.ServID, a.Above, strings.Join(results, " ")))
	}
	for _, s := range m.Signatures {
		field("signature", s.Domain+" "+strings.Join(s.Headers, ":"))
	}
}

func viewJudgement(field func(name, value string), m tickets.Message) {
	field("kind", string(m.Kind))
	field("automatic", m.AutomaticWhy)
	field("no answer", m.MayAnswerWhy)
	for _, x := range m.Bounces {
		field("bounce", strings.TrimSpace(fmt.Sprintf("%s %s %s %s <%s>", x.Recipient, x.Action, x.Status, x.Diagnostic, x.OriginalMessageID)))
	}
	if f := m.Forwarded; f != nil {
		field("forwarded", fmt.Sprintf("%s, %s, %q", people([]tickets.Address{f.From}), f.Date.Format(time.RFC3339), f.Subject))
	}
}

// viewText shows the text; lines of the visible reply are marked with >.
func viewText(b *strings.Builder, m tickets.Message) {
	at := 0
	for line := range strings.Lines(m.Text) {
		mark := " "
		if at >= m.ReplyStart && at < m.ReplyEnd {
			mark = ">"
		}
		at += len(line)
		b.WriteString(strings.TrimRight(mark+" "+strings.TrimRight(line, "\n"), " ") + "\n")
	}
}

func people(as []tickets.Address) string {
	var out []string
	for _, a := range as {
		s := "<" + a.Addr + ">"
		if a.Name != "" {
			s = a.Name + " " + s
		}
		if a.Guessed {
			s += " (guessed)"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}
