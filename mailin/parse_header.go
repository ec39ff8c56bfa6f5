package mailin

import (
	"strings"
	"unicode/utf8"

	"postern/mailin/mimetree"
	"postern/tickets"
)

const (
	maxHeaders     = 1000    // fields handed to rules
	maxHeaderValue = 4 << 10 // octets of such a field
	maxSubject     = 998     // code points
	maxMark        = 1 << 10 // octets of the mark of our own mail
	maxTrace       = 100     // Authentication-Results, DKIM-Signature and Delivered-To fields that are read
)

// ours are the control headers that nobody outside may set (policy section 2).
const ours = "X-Postern-"

// once is a bit for each of the fields that RFC 5322, 3.6 allows once, 0 for all others.
func once(key string) uint16 {
	switch key {
	case "From":
		return 1 << 0
	case "Sender":
		return 1 << 1
	case "Reply-To":
		return 1 << 2
	case "To":
		return 1 << 3
	case "Cc":
		return 1 << 4
	case "Subject":
		return 1 << 5
	case "Date":
		return 1 << 6
	case "Message-Id":
		return 1 << 7
	case "In-Reply-To":
		return 1 << 8
	case "References":
		return 1 << 9
	}
	return 0
}

// header reads the fields of the message itself, each where it stands.
func (r *reader) header() {
	h := r.tree.Root.Header
	r.m.Froms, r.m.Received = h.Froms, h.Received
	r.m.ContentKey = ""
	if n := min(len(h.Fields), maxHeaders); n > 0 {
		r.m.Headers = make([]tickets.Header, 0, n)
	}
	seen := uint16(0)
	for _, f := range h.Fields {
		if strings.HasPrefix(f.Key, ours) {
			r.control(f)
			continue
		}
		bit := once(f.Key)
		twice := seen&bit != 0
		if seen |= bit; twice {
			r.defects.Add(mimetree.DefectDuplicateField)
		}
		r.field(f, twice)
		r.keep(f)
	}
	r.missing(seen)
}

// control takes the mark of our own mail, which proves itself elsewhere, and
// drops every other control header.
func (r *reader) control(f mimetree.Field) {
	if f.Key != ours+"Instance" {
		r.defects.Add(mimetree.DefectControlHeader)
		return
	}
	if v := f.Value(); r.m.Mark == "" && len(v) <= maxMark {
		r.m.Mark = mimetree.CleanLine(v)
	}
}

// keep adds the field to those that rules see.
func (r *reader) keep(f mimetree.Field) {
	if len(r.m.Headers) >= maxHeaders {
		return
	}
	raw := f.Value()
	if !utf8.ValidString(raw) {
		r.defects.Add(mimetree.DefectRaw8Bit)
	}
	if len(raw) > 2*maxHeaderValue {
		raw = raw[:2*maxHeaderValue]
	}
	value := r.words(raw)
	if len(value) > maxHeaderValue {
		value = strings.ToValidUTF8(value[:maxHeaderValue], "")
	}
	r.m.Headers = append(r.m.Headers, tickets.Header{Name: f.Key, Value: value, Above: f.Above})
}

// words decodes the encoded-words of a value; the last one is remembered, for a
// field that is read is also kept.
func (r *reader) words(value string) string {
	if value != r.lastRaw {
		r.lastRaw, r.lastWords = value, mimetree.DecodeWords(value, r.hint)
	}
	return r.lastWords
}

// field reads one field; a second one of its kind adds to a list, and else is not heard.
func (r *reader) field(f mimetree.Field, twice bool) {
	switch f.Key {
	case "From":
		if !twice {
			r.m.From = r.addresses(nil, f)
		}
	case "Sender":
		if !twice {
			r.m.Sender = r.addresses(nil, f)
		}
	case "To":
		r.m.To = r.addresses(r.m.To, f)
	case "Cc":
		r.m.Cc = r.addresses(r.m.Cc, f)
	case "Reply-To":
		r.m.ReplyTo = r.addresses(r.m.ReplyTo, f)
	case "Message-Id":
		if !twice {
			r.m.MessageID = mimetree.MessageID(f.Value(), &r.defects)
		}
	case "In-Reply-To":
		r.m.InReplyTo = append(r.m.InReplyTo, mimetree.ParseIDs(f.Value(), &r.defects)...)
	case "References":
		r.m.References = append(r.m.References, mimetree.ParseIDs(f.Value(), &r.defects)...)
	case "Subject":
		if !twice {
			r.m.Subject = r.subject(f.Value())
		}
	case "Date":
		if !twice {
			r.m.Date = mimetree.ParseDate(f.Value(), &r.defects)
		}
	default:
		r.trace(f)
	}
}

// trace reads what hops on the way have added.
func (r *reader) trace(f mimetree.Field) {
	switch f.Key {
	case "Delivered-To", "X-Original-To":
		if spec, _ := mimetree.CleanAddress(strings.Trim(f.Value(), "<>")); spec != "" && len(r.m.DeliveredTo) < maxTrace {
			r.m.DeliveredTo = append(r.m.DeliveredTo, spec)
		}
	case "Return-Path":
		if r.m.ReturnPath == nil {
			path := returnPath(f.Value())
			r.m.ReturnPath = &path
		}
	case "Authentication-Results":
		if len(r.m.Auth) < maxTrace {
			a := mimetree.ParseAuthResults(f.Value())
			a.Above = f.Above
			r.m.Auth = append(r.m.Auth, a)
		}
	case "Dkim-Signature":
		if len(r.m.Signatures) < maxTrace {
			r.m.Signatures = append(r.m.Signatures, mimetree.ParseSignature(f.Value()))
		}
	}
}

// returnPath is the address of a Return-Path, "" for the null sender.
func returnPath(value string) string {
	if i, j := strings.IndexByte(value, '<'), strings.LastIndexByte(value, '>'); i >= 0 && j > i {
		value = value[i+1 : j]
	}
	spec, _ := mimetree.CleanAddress(value)
	return spec
}

func (r *reader) addresses(have []tickets.Address, f mimetree.Field) []tickets.Address {
	room := mimetree.MaxAddresses - len(have)
	if room <= 0 {
		r.defects.Add(mimetree.DefectTooManyAddresses)
		return have
	}
	return append(have, mimetree.ParseAddresses(f.Value(), r.hint, room, &r.defects)...)
}

func (r *reader) subject(value string) string {
	s := strings.TrimSpace(r.words(value))
	if strings.Contains(s, "=?") {
		r.defects.Add(mimetree.DefectEncodedWord)
	}
	if len(s) <= maxSubject || utf8.RuneCountInString(s) <= maxSubject {
		return s
	}
	r.defects.Add(mimetree.DefectSubjectCut)
	n := 0
	for i := range s {
		if n++; n == maxSubject {
			return s[:i] + "…"
		}
	}
	return s
}

// missing names what every message should have, and bounds the lists that several fields fill.
func (r *reader) missing(seen uint16) {
	if len(r.m.References) > 100 {
		n := len(r.m.References)
		r.m.References = append(r.m.References[:50:50], r.m.References[n-50:]...)
		r.defects.Add(mimetree.DefectTooManyReferences)
	}
	if len(r.m.InReplyTo) > 100 {
		r.m.InReplyTo = r.m.InReplyTo[:100]
	}
	if r.m.Froms > 1 || len(r.m.From) > 1 {
		r.defects.Add(mimetree.DefectManyFroms)
	}
	if len(r.m.From) == 0 || r.m.From[0].Addr == "" {
		r.defects.Add(mimetree.DefectNoFrom)
	}
	if r.m.MessageID == "" {
		r.defects.Add(mimetree.DefectNoMessageID)
	} else {
		r.m.ContentKey = r.tree.Key
	}
	if seen&once("Date") == 0 {
		r.defects.Add(mimetree.DefectNoDate)
	}
}
