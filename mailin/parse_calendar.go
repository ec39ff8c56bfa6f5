package mailin

import (
	"strings"
	"time"

	"postern/mailin/mimetree"
)

// invitation notes a calendar part as one readable line; the part stays attached.
func (r *reader) invitation(n *mimetree.Node) {
	if len(r.invites) >= 5 {
		return
	}
	text, _ := n.Text(r.raw, maxPeekText, &r.defects)
	if len(r.bodies) < maxJudged {
		r.bodies = append(r.bodies, decoded{n, text})
	}
	if line := inviteLine(text, n.Params.Get("method")); line != "" {
		r.invites = append(r.invites, line)
	}
}

// inviteLine is "Invitation: what, when, where, METHOD" of the first event (RFC 5545, 5546).
func inviteLine(ics, method string) string {
	event := map[string]string{}
	params := map[string]string{}
	inside := ""
	for _, line := range strings.Split(unfoldICS(ics), "\n") {
		name, attrs, value := property(line)
		switch {
		case name == "BEGIN" && inside == "" && (value == "VEVENT" || value == "VTODO"):
			inside = value
		case name == "END" && value == inside && inside != "":
			return eventLine(event, params, method)
		case name == "METHOD" && inside == "":
			method = value
		case inside != "" && event[name] == "":
			event[name], params[name] = value, attrs
		}
	}
	return eventLine(event, params, method)
}

// property splits NAME;ATTRS:value; a colon in quotes is no end of the attributes.
func property(line string) (name, attrs, value string) {
	inQuote := false
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '"':
			inQuote = !inQuote
		case line[i] == ':' && !inQuote:
			name, attrs, _ = strings.Cut(line[:i], ";")
			return strings.ToUpper(name), attrs, line[i+1:]
		}
	}
	return "", "", ""
}

func eventLine(event, params map[string]string, method string) string {
	if event["SUMMARY"] == "" && event["DTSTART"] == "" {
		return ""
	}
	fields := []string{icsText(event["SUMMARY"])}
	if when := icsTime(event["DTSTART"], params["DTSTART"]); when != "" {
		if end := icsTime(event["DTEND"], params["DTEND"]); end != "" {
			when += " – " + end
		}
		fields = append(fields, when)
	}
	if where := icsText(event["LOCATION"]); where != "" {
		fields = append(fields, where)
	}
	if method != "" {
		fields = append(fields, strings.ToUpper(method))
	}
	return mimetree.CleanLine("Invitation: " + strings.Join(fields, ", "))
}

// unfoldICS joins the lines that RFC 5545, 3.1 folds.
func unfoldICS(s string) string {
	return strings.NewReplacer("\n ", "", "\n\t", "").Replace(s)
}

func icsText(s string) string {
	s = strings.NewReplacer(`\n`, " ", `\N`, " ", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(s)
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}

// icsTime writes a time as people do, with its zone: UTC, or the TZID as given.
func icsTime(value, attrs string) string {
	if t, err := time.Parse("20060102T150405Z", value); err == nil {
		return t.Format("2006-01-02 15:04 UTC")
	}
	if t, err := time.Parse("20060102", value); err == nil {
		return t.Format("2006-01-02")
	}
	t, err := time.Parse("20060102T150405", value)
	if err != nil {
		return ""
	}
	_, zone, _ := strings.Cut(attrs, "TZID=")
	zone, _, _ = strings.Cut(zone, ";")
	return strings.TrimSpace(t.Format("2006-01-02 15:04 ") + strings.Trim(zone, `"`))
}
