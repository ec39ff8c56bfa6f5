package automail

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"postern/tickets"
)

// maxBounces bounds the recipients of one report.
const maxBounces = 100

// bounces reads what a report says of its recipients: from its machine-readable
// part (RFC 3464, RFC 6533), else from the text in which older systems put it.
func (j *judge) bounces() {
	if j.reportType == "receipt" || j.reportType == "report" {
		return
	}
	var found []tickets.Bounce
	for _, text := range j.statusTexts() {
		found = append(found, statusReport(text)...)
	}
	if len(found) == 0 && j.fromDaemon() {
		found = j.textBounces()
	}
	found = distinct(found)
	if len(found) == 0 {
		return
	}
	id := oneLine(j.originalID(), 998)
	j.mergeText(found)
	for i := range found {
		found[i].OriginalMessageID = id
		found[i].Diagnostic = oneLine(found[i].Diagnostic, 1000)
	}
	j.Verdict.Bounces = found
	j.auto("delivery report for %s", found[0].Recipient)
}

// statusTexts are the parts that hold a delivery status. Some systems send the
// fields as plain text in a report.
func (j *judge) statusTexts() (texts []string) {
	for _, p := range j.Parts {
		if reportTypes[strings.ToLower(p.Type)] == "bounce" {
			texts = append(texts, p.Text)
		}
	}
	if len(texts) > 0 || !j.Automatic {
		return texts
	}
	for _, text := range append([]string{j.Text}, partTexts(j.Parts)...) {
		if low := strings.ToLower(text); strings.Contains(low, "final-recipient:") && strings.Contains(low, "action:") {
			texts = append(texts, text)
			break
		}
	}
	return texts
}

// partTexts are the texts of the text parts.
func partTexts(parts []Part) (texts []string) {
	for _, p := range parts {
		if strings.HasPrefix(strings.ToLower(p.Type), "text/") {
			texts = append(texts, p.Text)
		}
	}
	return texts
}

// statusReport reads the fields of a delivery status: one group for each recipient
// (RFC 3464 section 2.1).
func statusReport(text string) (found []tickets.Bounce) {
	for _, group := range groups(text) {
		b := tickets.Bounce{
			Recipient:  recipientOf(first(group["final-recipient"], group["original-recipient"])),
			Action:     strings.ToLower(word(group["action"])),
			Status:     enhanced.FindString(group["status"]),
			Diagnostic: typed(group["diagnostic-code"]),
		}
		if b.Recipient == "" && b.Action == "" || len(found) >= maxBounces {
			continue
		}
		if b.Recipient == "" {
			b.Recipient = recipientOf(group["original-recipient"])
		}
		if b.Action == "" {
			b.Action = actionOf(b.Status)
		}
		found = append(found, b)
	}
	return found
}

// groups splits a text of fields at its empty lines; folded lines are joined.
func groups(text string) (all []map[string]string) {
	g, last := map[string]string{}, ""
	for _, line := range append(strings.Split(strings.ReplaceAll(text, "\r", ""), "\n"), "") {
		switch {
		case strings.TrimSpace(line) == "":
			if len(g) > 0 {
				all = append(all, g)
			}
			g, last = map[string]string{}, ""
		case line[0] == ' ' || line[0] == '\t':
			if last != "" && len(g[last]) < 8192 {
				g[last] += " " + strings.TrimSpace(line)
			}
		default:
			k, v, ok := strings.Cut(line, ":")
			if last = strings.ToLower(strings.TrimSpace(k)); ok && g[last] == "" {
				g[last] = strings.TrimSpace(v)
			} else {
				last = ""
			}
		}
	}
	return all
}

// recipientOf reads an address field: "rfc822;ann@example.org" or
// "utf-8;jos\x{E9}@example.org" (RFC 6533 section 3).
func recipientOf(s string) string {
	kind, addr, ok := strings.Cut(s, ";")
	if !ok {
		kind, addr = "", s
	}
	addr = strings.Trim(strings.TrimSpace(addr), "<>\"' ")
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(kind)), "utf-8") {
		addr = unescape(addr)
	}
	return oneLine(addr, 320)
}

var hexRune = regexp.MustCompile(`\\x\{([0-9A-Fa-f]{2,6})\}`)

// unescape undoes the \x{…} of utf-8-addr-xtext.
func unescape(s string) string {
	return hexRune.ReplaceAllStringFunc(s, func(x string) string {
		n, err := strconv.ParseUint(x[3:len(x)-1], 16, 32)
		if err != nil || n < ' ' || n == 0x7F || !utf8.ValidRune(rune(n)) {
			return "\uFFFD"
		}
		return string(rune(n))
	})
}

// typed takes the type off a diagnostic: "smtp; 550 …".
func typed(s string) string {
	if kind, rest, ok := strings.Cut(s, ";"); ok && len(kind) < 20 && !strings.ContainsAny(kind, " .@") {
		return strings.TrimSpace(rest)
	}
	return strings.TrimSpace(s)
}

// word is the first word of a value, without comments.
func word(s string) string {
	f := strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == '\t' || c == ';' || c == '(' })
	if len(f) == 0 {
		return ""
	}
	return f[0]
}

// actionOf is what a status means when no action is named.
func actionOf(status string) string {
	switch {
	case strings.HasPrefix(status, "2"):
		return "delivered"
	case strings.HasPrefix(status, "4"):
		return "delayed"
	}
	return "failed"
}

// distinct drops repeats of one recipient and one action.
func distinct(in []tickets.Bounce) (out []tickets.Bounce) {
	seen := map[string]bool{}
	for _, b := range in {
		k := strings.ToLower(b.Recipient) + "\x00" + b.Action
		if !seen[k] {
			seen[k] = true
			out = append(out, b)
		}
	}
	return out
}

// mergeText fills in what the machine-readable part left out.
func (j *judge) mergeText(found []tickets.Bounce) {
	for i := range found {
		b := &found[i]
		if b.Diagnostic == "" && len(found) == 1 {
			b.Diagnostic = j.diagnosticIn(j.Text)
		}
		if b.Status == "" || strings.HasSuffix(b.Status, ".0.0") {
			if s := statusOf(b.Diagnostic, b.Action); s != "" {
				b.Status = s
			}
		}
	}
}

// messageID finds a Message-ID field in a text of headers.
var messageID = regexp.MustCompile(`(?im)^[>|\s*]*message-id\s*:\s*<?([^\s<>]+@[^\s<>]+)>?`)

// originalID is the Message-ID of the message that was reported on: from the
// returned message, its headers, the quoted text, at last from In-Reply-To.
func (j *judge) originalID() string {
	for _, p := range j.Parts {
		switch strings.ToLower(p.Type) {
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			if f := messageID.FindStringSubmatch(p.Text); f != nil {
				return f[1]
			}
		}
	}
	for _, text := range append([]string{j.Text}, partTexts(j.Parts)...) {
		if f := messageID.FindStringSubmatch(text); f != nil {
			return f[1]
		}
	}
	for _, name := range []string{"X-Original-Message-Id", "In-Reply-To", "References"} {
		for _, h := range j.Headers {
			if f := strings.Fields(h.Value); strings.EqualFold(h.Name, name) && len(f) > 0 {
				return strings.Trim(f[len(f)-1], "<>")
			}
		}
	}
	return ""
}

// oneLine is s on one line, at most n octets.
func oneLine(s string, n int) string {
	s = strings.ToValidUTF8(strings.Join(strings.Fields(strings.ReplaceAll(s, "\x00", "")), " "), "\uFFFD")
	for len(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:max(0, min(n, len(s)-size))]
		s = strings.ToValidUTF8(s, "")
	}
	return s
}
