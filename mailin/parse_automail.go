package mailin

import (
	"strings"

	"postern/mailin/automail"
	"postern/mailin/mimetree"
)

// maxJudged is how many text parts are handed to the judge of bounces and reports.
const maxJudged = 20

// automatic says what sort of mail it is, and whether it may be answered.
func (r *reader) automatic() {
	seen := r.automail()
	v := automail.Judge(seen)
	r.m.Automatic, r.m.AutomaticWhy = v.Automatic, v.Why
	r.m.MayAnswer, r.m.MayAnswerWhy = v.MayAnswer, v.WhyNot
	if v.MayAnswer && (len(r.m.From) == 0 || r.m.From[0].Addr == "") {
		r.m.MayAnswer, r.m.MayAnswerWhy = false, "no address in From"
	}
	r.m.Kind, r.m.OutOfOffice, r.m.Bounces = v.Kind, v.OutOfOffice, v.Bounces
	r.reported(seen.Parts)
}

// automail is the message as its judge sees it.
func (r *reader) automail() automail.Mail {
	root := r.tree.Root
	m := automail.Mail{
		Headers: r.m.Headers, EnvelopeFrom: r.env.From, ContentType: root.Type, Params: root.Params.Map(),
		From: r.m.From, Subject: r.m.Subject, Text: r.m.Text,
	}
	if m.EnvelopeFrom == nil {
		m.EnvelopeFrom = r.m.ReturnPath
	}
	m.Parts = make([]automail.Part, 0, min(len(r.parts), maxJudged)+len(r.bodies))
	for _, a := range r.parts {
		if len(m.Parts) < maxJudged {
			m.Parts = append(m.Parts, r.reportPart(a.node))
		}
	}
	for _, d := range r.bodies {
		params := m.Params
		if d.node != root {
			params = d.node.Params.Map()
		}
		m.Parts = append(m.Parts, automail.Part{Type: d.node.Type, Params: params, Text: d.text[:min(len(d.text), maxPeekText)]})
	}
	return m
}

// reportPart decodes the start of a part that may be a report, and names the others.
func (r *reader) reportPart(n *mimetree.Node) automail.Part {
	p := automail.Part{Type: n.Type, Params: n.Params.Map()}
	if strings.HasPrefix(n.Type, "message/") || strings.HasPrefix(n.Type, "text/") {
		var quiet mimetree.Defects
		p.Text, _ = n.Text(r.raw, maxPeekText, &quiet)
	}
	return p
}
