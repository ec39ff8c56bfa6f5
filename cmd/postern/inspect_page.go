package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// page prints a message as a person reads it: its head, what it is, what hangs
// on it, and the text with the visible reply marked off.
func page(out io.Writer, v messageView) {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(out, "%-13s %s\n", name+":", oneLine(value))
		}
	}
	line("From", people(v.From))
	line("To", people(v.To))
	line("Cc", people(v.CC))
	line("Reply-To", people(v.ReplyTo))
	line("Date", v.Date)
	line("Subject", v.Subject)
	line("Message-ID", v.MessageID)
	line("In-Reply-To", strings.Join(v.InReplyTo, " "))
	line("References", strings.Join(v.References, " "))
	line("Kind", v.kindLine())
	line("Language", v.Language)
	line("Defects", strings.Join(v.Defects, ", "))
	if e := v.Explain; e != nil {
		explainLines(line, e)
	}
	attachmentTable(out, v.Attachments)
	bounceTable(out, v.Bounce)
	textBlocks(out, v)
}

func people(list []addressView) string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = "<" + a.Address + ">"
		if a.Name != "" {
			out[i] = a.Name + " " + out[i]
		}
	}
	return strings.Join(out, ", ")
}

func (v messageView) kindLine() string {
	s := v.Kind
	if slices.Contains(v.Defects, "no-header") {
		s += ", for want of a header that says otherwise; this may be no message"
	}
	if v.Automatic {
		s += ", automatic"
	}
	if !v.MayAnswer {
		s += ", never answered by a machine"
	}
	return s
}

func explainLines(line func(string, string), e *explainView) {
	line("Reply ended by", or(e.ReplyEndedBy, "nothing: all of the text is the reply"))
	line("Automatic by", or(e.AutomaticBy, "nothing: a person wrote it"))
	line("No answer by", or(e.NoAnswerBy, "nothing: it may be answered"))
	if e.CommandsClash {
		line("Commands", "text and HTML disagree in their first lines: none is carried out")
	}
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func attachmentTable(out io.Writer, parts []attachmentView) {
	if len(parts) == 0 {
		return
	}
	var rows [][]string
	for _, p := range parts {
		how := "attached"
		if p.Inline {
			how = "inline"
		}
		rows = append(rows, []string{p.Filename, p.ContentType, bytesText(p.Size), how, p.SHA256[:min(12, len(p.SHA256))]})
	}
	fmt.Fprintln(out)
	grid(out, 60, []string{"attachment", "type", "size", "how", "sha256"}, rows)
}

func bounceTable(out io.Writer, list []bounceView) {
	if len(list) == 0 {
		return
	}
	var rows [][]string
	for _, b := range list {
		rows = append(rows, []string{b.Recipient, b.Action, b.Status, b.Diagnostic, b.OriginalMessageID})
	}
	fmt.Fprintln(out)
	grid(out, 60, []string{"recipient", "action", "status", "diagnostic", "original"}, rows)
}

// textBlocks prints the visible reply, and the rest of the text below a line of
// its own.
func textBlocks(out io.Writer, v messageView) {
	before, after, found := strings.Cut(v.Text, v.Reply)
	fmt.Fprintf(out, "\n── visible reply %s\n%s\n", strings.Repeat("─", 50), strings.Trim(printable(v.Reply), "\n"))
	if rest := strings.Trim(before+after, "\n"); found && strings.TrimSpace(rest) != "" {
		fmt.Fprintf(out, "── the rest %s\n%s\n", strings.Repeat("─", 55), printable(rest))
	}
}
