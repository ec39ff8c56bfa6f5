package mimetree

import "strings"

const (
	maxID   = 8 << 10 // octets of an id that are kept
	keepIDs = 50      // how many ids of a long list are kept from each end
)

// ParseIDs reads the message ids of a field (RFC 5322, 3.6.4), without angle
// brackets and blanks. Where no brackets stand, words with an @ are ids. At most
// the first and the last 50 are returned.
func ParseIDs(value string, d *Defects) []string {
	ids := bracketed(value, d)
	if len(ids) == 0 && strings.IndexByte(value, '@') >= 0 {
		for _, w := range strings.FieldsFunc(value, func(r rune) bool { return r <= ' ' || strings.ContainsRune("<>,;\"()", r) }) {
			if id := cleanID(w); strings.IndexByte(id, '@') > 0 {
				ids = append(ids, id)
				d.Add(DefectReference)
			}
		}
	}
	if len(ids) > 2*keepIDs {
		d.Add(DefectTooManyReferences)
		ids = append(ids[:keepIDs:keepIDs], ids[len(ids)-keepIDs:]...)
	}
	return ids
}

func bracketed(value string, d *Defects) []string {
	var ids []string
	for {
		i := strings.IndexByte(value, '<')
		if i < 0 {
			return ids
		}
		value = strings.TrimLeft(value[i:], "<")
		end := strings.IndexAny(value, "<>")
		raw := value
		if end >= 0 {
			raw, value = value[:end], value[end:]
		} else {
			value = ""
			d.Add(DefectReference)
			raw, _, _ = strings.Cut(strings.TrimSpace(raw), " ")
		}
		id := cleanID(raw)
		if id == "" {
			continue
		}
		if strings.IndexByte(id, '@') < 1 || id != raw {
			d.Add(DefectReference)
		}
		ids = append(ids, id)
	}
}

// cleanID drops blanks and controls, which folding and gateways put into ids.
func cleanID(s string) string {
	s = cutRunes(s, maxID)
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return strings.Map(func(r rune) rune {
				if r <= ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
					return -1
				}
				return r
			}, strings.ToValidUTF8(s, "\uFFFD"))
		}
	}
	return s
}

// MessageID reads a Message-ID field: the first id, "" when there is none. An id
// without brackets, or without an @, is taken as it stands.
func MessageID(value string, d *Defects) string {
	var quiet Defects
	ids := ParseIDs(value, &quiet)
	if len(ids) > 0 {
		if len(quiet) > 0 || len(ids) > 1 {
			d.Add(DefectMessageID)
		}
		return ids[0]
	}
	if value = strings.TrimSpace(value); value != "" {
		d.Add(DefectMessageID)
	}
	return cleanID(strings.Trim(value, "<>"))
}
