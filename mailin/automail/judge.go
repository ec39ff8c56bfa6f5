package automail

import (
	"fmt"
	"strings"

	"postern/tickets"
)

// Part is a part of the message that may hold a report.
type Part struct {
	Type   string // lower case type/subtype
	Params map[string]string
	Text   string // decoded, first 64 KiB
}

// Mail is what is judged of a message.
type Mail struct {
	Headers      []tickets.Header // every field, decoded, in order
	EnvelopeFrom *string          // nil when unknown, "" is the null sender
	ContentType  string           // of the whole message, lower case
	Params       map[string]string
	Parts        []Part
	From         []tickets.Address
	Subject      string
	Text         string
}

// Verdict is the answer to both questions, and what the mail reports.
type Verdict struct {
	Automatic   bool   // written by a machine
	Why         string // the sign that says so
	MayAnswer   bool   // an automatic mail may be sent because of it
	WhyNot      string // why not
	Kind        tickets.Kind
	OutOfOffice bool // the subject looks like an out-of-office answer
	Bounces     []tickets.Bounce
}

// maxReceived is how many hops a mail may have made before it is taken for a loop.
const maxReceived = 20

// Judge asks both questions of policy section 6. Every field counts, each time it
// occurs, in any case.
func Judge(m Mail) Verdict {
	j := judge{Mail: m}
	j.OutOfOffice = outOfOffice(m.Subject)
	j.envelope()
	j.types()
	j.fields()
	j.sender()
	j.weak()
	if !j.calendar() {
		j.bounces()
	}
	j.rest()
	j.MayAnswer = j.WhyNot == ""
	j.kind()
	return j.Verdict
}

// judge collects the signs.
type judge struct {
	Mail
	Verdict
	bulk       string // the Precedence that says bulk, junk or list
	list       string // a field of a mailing list
	machine    string // a weak sign: an address or a field that machines have
	suppress   string // X-Auto-Response-Suppress as people behind Exchange have it
	reportType string // what kind of report a part is
}

// auto notes a sign of a machine; the first is kept. A machine is never answered.
func (j *judge) auto(format string, args ...any) {
	why := fmt.Sprintf(format, args...)
	if !j.Automatic {
		j.Automatic, j.Why = true, why
	}
	j.quiet("%s", why)
}

// quiet notes a reason not to answer; the first is kept.
func (j *judge) quiet(format string, args ...any) {
	if j.WhyNot == "" {
		j.WhyNot = fmt.Sprintf(format, args...)
	}
}

// envelope: nobody waits for an answer behind the null sender (RFC 5321 section 4.5.5).
func (j *judge) envelope() {
	if j.EnvelopeFrom != nil && strings.Trim(*j.EnvelopeFrom, " <>") == "" {
		j.auto("envelope sender <>")
	}
	for _, h := range j.Headers {
		if strings.EqualFold(h.Name, "Return-Path") && strings.Trim(h.Value, " \t") == "<>" {
			j.auto("Return-Path: <>")
		}
	}
}

// types: reports are written by machines, whatever their headers say.
func (j *judge) types() {
	j.typed(j.ContentType, j.Params)
	for _, p := range j.Parts {
		j.typed(p.Type, p.Params)
	}
}

// typed looks at one media type.
func (j *judge) typed(mediaType string, params map[string]string) {
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	kind, isReport := reportTypes[mediaType]
	if !isReport {
		return
	}
	j.auto("Content-Type: %s", mediaType)
	if mediaType == "multipart/report" {
		kind = reportTypes["message/"+strings.ToLower(param(params, "report-type"))]
	}
	if j.reportType == "" {
		j.reportType = kind
	}
}

// The kinds of report by their media type (RFC 3464, 6533, 8098, 5965).
var reportTypes = map[string]string{
	"multipart/report":                        "",
	"message/delivery-status":                 "bounce",
	"message/global-delivery-status":          "bounce",
	"message/disposition-notification":        "receipt",
	"message/global-disposition-notification": "receipt",
	"message/feedback-report":                 "report",
}

// param is a parameter by its name in any case.
func param(params map[string]string, name string) string {
	for k, v := range params {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// fields asks every header field.
func (j *judge) fields() {
	received, suppressed, looped := 0, "", ""
	for _, h := range j.Headers {
		name := known(h.Name)
		if name == "" {
			continue
		}
		if name == "received" {
			received++
			continue
		}
		value := strings.ToLower(strings.TrimSpace(h.Value))
		j.field(h.Name+": "+oneLine(h.Value, maxShown), name, value)
		switch name {
		case "x-auto-response-suppress":
			if suppresses(value) {
				suppressed = oneLine(h.Value, maxShown)
			}
		case "x-ms-exchange-inbox-rules-loop":
			looped = oneLine(h.Value, maxShown)
		}
	}
	if suppressed != "" {
		j.suppress = suppressed
		if looped != "" {
			j.auto("X-MS-Exchange-Inbox-Rules-Loop: %s beside X-Auto-Response-Suppress: %s", looped, suppressed)
		}
		j.quiet("X-Auto-Response-Suppress: %s", suppressed)
	}
	if received > maxReceived {
		j.quiet("%d Received fields, more than %d", received, maxReceived)
	}
}

// asked are the fields that are looked at beside those of lists and machines.
var asked = map[string]string{
	"received": "received", "x-auto-response-suppress": "x-auto-response-suppress", "x-ms-exchange-inbox-rules-loop": "x-ms-exchange-inbox-rules-loop",
	"auto-submitted": "auto-submitted", "x-post-messageclass": "x-post-messageclass", "delivered-to": "delivered-to",
	"precedence": "precedence", "x-precedence": "x-precedence", "preference": "preference", "feedback-id": "feedback-id",
}

// sizes are the lengths of the names in asked and machineFields by their first
// letter, a bit for each: most fields are known to be neither by these alone.
var sizes = func() (m [256]uint64) {
	for name := range asked {
		m[name[0]] |= 1 << len(name)
	}
	for name := range machineFields {
		m[name[0]] |= 1 << len(name)
	}
	return m
}()

// known is the name of a field in lower case, "" when it is never looked at.
func known(name string) string {
	var low [64]byte
	if len(name) > len(low) {
		name = name[:len(low)]
	}
	if name == "" || name[0]|0x20 != 'l' && sizes[name[0]|0x20]>>len(name)&1 == 0 {
		return ""
	}
	n := copy(low[:], name)
	for i, c := range low[:n] {
		if 'A' <= c && c <= 'Z' {
			low[i] = c | 0x20
		}
	}
	if known, ok := asked[string(low[:n])]; ok {
		return known
	}
	if machineFields[string(low[:n])] || n >= 5 && string(low[:5]) == "list-" {
		return string(low[:n])
	}
	return ""
}

// maxShown is how much of a field a reason shows, in octets.
const maxShown = 120

// field asks one header field; shown is how a reason names it.
func (j *judge) field(shown, name, value string) {
	switch {
	case machineFields[name]:
		j.auto("%s", shown)
	case name == "auto-submitted":
		if autoSubmitted(value) {
			j.auto("%s", shown)
		}
	case name == "x-post-messageclass":
		if strings.HasPrefix(value, "9") {
			j.auto("%s", shown)
		}
	case name == "delivered-to":
		if strings.HasPrefix(value, "autoresponder") {
			j.auto("%s", shown)
		}
	case name == "precedence" || name == "x-precedence" || name == "preference":
		j.precedence(shown, value)
	case strings.HasPrefix(name, "list-") || name == "feedback-id":
		if name == "feedback-id" || name == "list-unsubscribe" {
			j.machine = first(j.machine, shown)
		}
		if name != "feedback-id" && name != "list-unsubscribe" && name != "list-unsubscribe-post" {
			j.list = first(j.list, shown)
		}
		j.quiet("%s", shown)
	}
}

// machineFields are the fields that only machines write, with any value.
var machineFields = map[string]bool{
	"x-autoreply": true, "x-autorespond": true, "x-autoresponder": true, "x-autoreply-from": true,
	"x-mail-autoreply": true, "x-autogenerated": true, "x-fc-machinegenerated": true,
	"x-ms-exchange-generated-message-source": true, "x-failed-recipients": true,
}

// autoSubmitted reads the field of RFC 3834: all but "no" is a machine.
func autoSubmitted(value string) bool {
	value, _, _ = strings.Cut(value, ";")
	if i := strings.IndexByte(value, '('); i >= 0 {
		value = value[:i]
	}
	return strings.Trim(value, ` "`) != "no"
}

// precedence reads the field that was never standardised.
func (j *judge) precedence(shown, value string) {
	switch word := strings.Trim(value, ` "`); word {
	case "auto_reply", "auto-reply", "autoreply":
		j.auto("%s", shown)
	case "bulk", "junk", "list":
		j.bulk = first(j.bulk, shown)
		j.quiet("%s", shown)
	}
}

// suppresses says that the field asks for no automatic answer; the values for
// receipts alone (RN, NRN) do not.
func suppresses(value string) bool {
	for _, w := range strings.FieldsFunc(value, func(c rune) bool { return c == ',' || c == ';' || c == ' ' || c == '\t' }) {
		switch strings.ToLower(w) {
		case "all", "autoreply", "oof", "dr":
			return true
		}
	}
	return false
}

// weak: bulk mail is a machine's only when a second sign says so, for people
// write to lists.
func (j *judge) weak() {
	if j.OutOfOffice {
		j.quiet("out-of-office subject: %s", j.Subject)
	}
	if j.bulk == "" {
		return
	}
	if j.OutOfOffice {
		j.machine = first(j.machine, "out-of-office subject")
	}
	if j.machine != "" {
		j.auto("%s beside %s", j.bulk, j.machine)
	}
}

// calendar: the answer to an invitation was pressed, not written.
func (j *judge) calendar() bool {
	ask := func(mediaType, method, text string) bool {
		if strings.ToLower(mediaType) != "text/calendar" {
			return false
		}
		if method == "" {
			method = calendarMethod(text)
		}
		if m := strings.ToUpper(strings.TrimSpace(method)); m == "REPLY" || m == "COUNTER" {
			j.auto("text/calendar METHOD %s", m)
			return true
		}
		return false
	}
	if ask(j.ContentType, param(j.Params, "method"), j.Text) {
		return true
	}
	for _, p := range j.Parts {
		if ask(p.Type, param(p.Params, "method"), p.Text) {
			return true
		}
	}
	return false
}

// calendarMethod is the METHOD property of a calendar.
func calendarMethod(text string) string {
	for _, line := range strings.Split(text, "\n") {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && strings.EqualFold(k, "METHOD") {
			return v
		}
	}
	return ""
}

// rest: read receipts of programs that write them as plain mail.
func (j *judge) rest() {
	if j.reportType == "" && j.Automatic && receiptSubject(j.Subject) && strings.Contains(strings.ToLower(j.ContentType), "report") {
		j.reportType = "receipt"
	}
}

// kind names the sort of mail.
func (j *judge) kind() {
	switch {
	case j.reportType == "receipt":
		j.Kind = tickets.KindReceipt
	case j.reportType == "report":
		j.Kind = tickets.KindReport
	case j.reportType == "bounce" || len(j.Verdict.Bounces) > 0:
		j.Kind = tickets.KindBounce
	case j.Automatic:
		j.Kind = tickets.KindAutoReply
	case j.list != "" || strings.HasSuffix(strings.ToLower(j.bulk), "list"):
		j.Kind = tickets.KindList
	default:
		j.Kind = tickets.KindHuman
	}
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
