package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"postern/mailin"
	"postern/mailin/mailauth"
	"postern/tickets"
)

// authView is what one probe showed.
type authView struct {
	Source  string      `json:"source"`
	From    string      `json:"from"`
	To      string      `json:"to"`
	Error   string      `json:"error,omitempty"`
	Seconds int         `json:"seconds"` // until it was seen
	Stamped []stampView `json:"stamped"` // Authentication-Results, topmost first
	Added   []addedView `json:"added"`   // other fields that servers on the way added
	// Configured and Proposed say what an agent's mail that comes this way would prove.
	Configured proofView `json:"configured"`
	Proposed   proofView `json:"proposed"`
	Trust      string    `json:"trust"` // the lines to write; empty when nothing can be proposed
	Verified   string    `json:"verified,omitempty"`
}

type stampView struct {
	AuthservID string   `json:"authserv_id"`
	Above      int      `json:"received_above"`
	Results    []string `json:"results"`
}

type addedView struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Above int    `json:"received_above"`
}

type proofView struct {
	Level string `json:"level"`
	Why   string `json:"why"`
}

// traceFields are added by every server and prove nothing of who sent a mail.
var traceFields = []string{"Received", "Return-Path", "Delivered-To", "X-Original-To", "Authentication-Results",
	"Dkim-Signature", "Arc-Seal", "Arc-Message-Signature", "Arc-Authentication-Results", "Received-Spf"}

// probeFields are those of the probe itself.
var probeFields = []string{"From", "To", "Subject", "Date", "Message-Id", "Auto-Submitted", "Mime-Version", "Content-Type", "Content-Transfer-Encoding"}

// read takes what the servers added to a probe, and weighs it.
func (v *authView) read(cfg Config, p authProbe, m tickets.Message, at time.Time) {
	for _, f := range m.Auth {
		s := stampView{AuthservID: f.ServID, Above: f.Above}
		for _, r := range f.Results {
			s.Results = append(s.Results, resultText(r))
		}
		v.Stamped = append(v.Stamped, s)
	}
	for _, h := range m.Headers {
		if !slices.Contains(traceFields, h.Name) && !slices.Contains(probeFields, h.Name) {
			v.Added = append(v.Added, addedView{h.Name, cutText(h.Value, 100), h.Above})
		}
	}
	role, trust := p.source.evidence()
	weigh := func(t tickets.Trust) proofView {
		a := tickets.Arrival{Role: role, To: []string{p.to}, Trust: t, At: at}
		e := tickets.Judge(a, m, asAgent(cfg, p.from))
		return proofView{e.Level.String(), e.Why}
	}
	v.Configured = weigh(trust)
	if role == tickets.RoleMX {
		return // strangers write all headers there
	}
	proposed, ok := propose(m)
	if !ok {
		return
	}
	v.Proposed, v.Trust = weigh(proposed), trustLines(proposed)
}

// asAgent is the helpdesk as it would be if the probe's sender were an agent.
func asAgent(cfg Config, from string) *tickets.Settings {
	s := cfg.Settings()
	s.Agents = []tickets.Agent{{Name: "probe", Addresses: []string{from}}}
	return s
}

// resultText is a result as it was stamped, its properties in order.
func resultText(r tickets.AuthResult) string {
	out := r.Method + "=" + r.Value
	for _, name := range slices.Sorted(maps.Keys(r.Props)) {
		out += " " + name + "=" + cutText(r.Props[name], 60)
	}
	return out
}

func cutText(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// internalMarker is what Exchange writes on mail of people who logged in, and removes from
// strangers' mail.
const internalMarker = "X-Ms-Exchange-Organization-Authas"

// propose makes of what was stamped on a probe, which brought no such field itself, what
// to trust: the name at the top, how many fields bear it, and how deep the lowest stands.
func propose(m tickets.Message) (t tickets.Trust, ok bool) {
	for _, f := range m.Auth {
		switch {
		case f.ServID == "":
			continue
		case len(t.ServIDs) == 0:
			t = tickets.Trust{ServIDs: []string{f.ServID}, Mode: "boundary", Above: f.Above, Fields: 1}
		case strings.EqualFold(f.ServID, t.ServIDs[0]):
			t.Above = max(t.Above, f.Above)
			t.Fields++
		}
	}
	for _, h := range m.Headers {
		if h.Name == internalMarker && h.Value == "Internal" {
			t.Marker = &tickets.Marker{Name: h.Name, Value: h.Value, Above: h.Above}
		}
	}
	return t, len(t.ServIDs) > 0 || t.Marker != nil
}

// trustLines writes a proposal as it stands in the configuration.
func trustLines(t tickets.Trust) string {
	var b strings.Builder
	b.WriteString("trust:\n")
	if len(t.ServIDs) > 0 {
		fmt.Fprintf(&b, "  authserv_ids: [%s]\n  mode: %s\n  received_above: %d\n  fields: %d\n", strings.Join(t.ServIDs, ", "), t.Mode, t.Above, t.Fields)
	}
	if k := t.Marker; k != nil {
		fmt.Fprintf(&b, "  marker: {header: %s, value: %s, received_above: %d}\n", k.Name, k.Value, k.Above)
	}
	return b.String()
}

// verify adds what our own look at the probe says.
func (v *authView) verify(ctx context.Context, cfg Config, w *world, p authProbe, raw string) {
	found := mailauth.Verify(ctx, strings.NewReader(raw), mailauth.Envelope{}, resolverFor(cfg, w), w.now()).Findings()
	v.Verified = found.String()
	role, trust := p.source.evidence()
	m := mailin.Parse(ctx, strings.NewReader(raw), mailin.Envelope{})
	e := tickets.Judge(tickets.Arrival{Role: role, To: []string{p.to}, Trust: trust, At: w.now(), Verified: found}, m, asAgent(cfg, p.from))
	v.Configured = proofView{e.Level.String(), e.Why}
}

// page is the view for people.
func (v authView) page() string {
	var b strings.Builder
	if v.Error != "" {
		return fmt.Sprintf("FAIL %s: %s\n", v.Source, v.Error)
	}
	fmt.Fprintf(&b, "ok   %s: the probe from %s to %s came after %d s\n", v.Source, v.From, v.To, v.Seconds)
	for _, s := range v.Stamped {
		fmt.Fprintf(&b, "     Authentication-Results of %s, %d Received above: %s\n", or(printable(s.AuthservID), "nobody"), s.Above, printable(strings.Join(s.Results, "; ")))
	}
	if len(v.Stamped) == 0 {
		b.WriteString("     no server stamped Authentication-Results on it\n")
	}
	for _, a := range v.Added {
		fmt.Fprintf(&b, "     added, %d Received above: %s: %s\n", a.Above, printable(a.Name), printable(a.Value))
	}
	if v.Verified != "" {
		fmt.Fprintf(&b, "     verified here: %s\n", printable(v.Verified))
	}
	fmt.Fprintf(&b, "     as configured an agent's mail that comes like this is %s: %s\n", v.Configured.Level, printable(v.Configured.Why))
	if v.Trust == "" {
		b.WriteString("     nothing to trust can be proposed: agents confirm, or log in on a submission listener\n")
		return b.String()
	}
	fmt.Fprintf(&b, "     with these lines below the %s it is %s: %s\n\n%s\n", v.Source, v.Proposed.Level, printable(v.Proposed.Why),
		"       "+strings.ReplaceAll(strings.TrimRight(printable(v.Trust), "\n"), "\n", "\n       ")+"\n")
	b.WriteString("     Write them only if your server removes such fields from mail that strangers bring. This probe went\n" +
		"     through our relay; mail of agents may come another way, and be stamped otherwise.\n")
	return b.String()
}
