package mimetree

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxFilename is what file systems take.
const maxFilename = 255

// maxUnpercent is how often %25…2f is unwrapped.
const maxUnpercent = 8

// Filename is the name the part was sent with, decoded but not made safe (SafeFilename does):
// filename* before filename before name. "" when there is none.
func (n *Node) Filename(hint string, d *Defects) string {
	a := decodeWords(n.DispParams.Get("filename"), hint)
	b := decodeWords(n.Params.Get("name"), hint)
	if a == "" {
		return b
	}
	if b != "" && a != b {
		d.Add(DefectFilename)
	}
	return a
}

// SafeFilename makes a base name of whatever was sent: no directories (of any
// system), no control, format or shell characters, no leading dots or dashes,
// no device names, at most 255 bytes with the extension kept. "" when nothing is left.
func SafeFilename(name string) string {
	name = strings.Map(keepSeen, strings.ToValidUTF8(name, "\uFFFD"))
	for turn := 0; strings.IndexByte(name, '%') >= 0; turn++ {
		plain := string(appendPercent(nil, name))
		if plain == name || !strings.ContainsAny(plain, "/\\") {
			break
		}
		if turn == maxUnpercent {
			plain = strings.ReplaceAll(plain, "%", "_")
		}
		name = strings.Map(keepSeen, strings.ToValidUTF8(plain, "\uFFFD"))
	}
	if i := strings.LastIndexAny(name, "/\\"); i >= 0 {
		name = name[i+1:]
	}
	if len(name) > 2 && name[1] == ':' {
		name = name[2:]
	}
	name = strings.Map(safeRune, name)
	name = strings.Join(strings.Fields(name), " ")
	name = strings.TrimRight(name, ". ")
	name = strings.TrimLeft(name, ".- ~")
	if reserved(name) {
		name = "_" + name
	}
	return cutName(closeExtension(name))
}

// keepSeen drops what cannot be seen, and makes every blank a plain one.
func keepSeen(r rune) rune {
	switch {
	case r == '\t' || r == '\n' || r == '\r' || r == '\u00a0' || r == '\u2028' || r == '\u2029':
		return ' '
	case r < ' ' || r == 0x7f || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Cc, r) || r >= 0xe000 && r <= 0xf8ff:
		return -1
	}
	return r
}

// safeRune makes what shells and systems read otherwise an underline.
func safeRune(r rune) rune {
	if strings.ContainsRune("<>:\"|?*`$;'&{}!", r) {
		return '_'
	}
	return r
}

// closeExtension draws "a.pdf .exe" together, so that the real extension is seen.
func closeExtension(name string) string {
	for strings.Contains(name, " .") {
		name = strings.ReplaceAll(name, " .", ".")
	}
	return name
}

func reserved(name string) bool {
	base, _, _ := strings.Cut(strings.ToLower(name), ".")
	base = strings.TrimSpace(base)
	switch base {
	case "con", "prn", "aux", "nul", "conin$", "conout$":
		return true
	}
	return len(base) == 4 && (strings.HasPrefix(base, "com") || strings.HasPrefix(base, "lpt")) && base[3] >= '0' && base[3] <= '9'
}

// cutName shortens the stem, not the extension.
func cutName(name string) string {
	if len(name) <= maxFilename {
		return name
	}
	ext := ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 32 {
		ext = name[i:]
	}
	return strings.TrimRight(cutRunes(name[:len(name)-len(ext)], maxFilename-len(ext)), ". ") + ext
}

// extensions are those given to parts without a name.
var extensions = map[string]string{
	"text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics", "text/csv": ".csv", "text/rfc822-headers": ".txt", "message/rfc822": ".eml",
	"message/global": ".eml", "message/delivery-status": ".txt", "message/feedback-report": ".txt", "message/disposition-notification": ".txt",
	"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "image/svg+xml": ".svg", "image/heic": ".heic",
	"application/pdf": ".pdf", "application/zip": ".zip", "application/pgp-signature": ".asc", "application/pkcs7-signature": ".p7s",
	"application/x-pkcs7-signature": ".p7s", "application/pkcs7-mime": ".p7m", "application/x-pkcs7-mime": ".p7m", "application/ms-tnef": ".dat",
	"application/json": ".json", "application/xml": ".xml", "text/xml": ".xml", "audio/mpeg": ".mp3", "video/mp4": ".mp4", "text/vcard": ".vcf", "text/x-vcard": ".vcf",
}

// Extension is the usual file name extension of a type, "" when none is known.
func Extension(contentType string) string { return extensions[contentType] }

// Numbered is the name for the n-th attachment that wants the same one: "a (2).pdf".
func Numbered(name, number string) string {
	dot := strings.LastIndexByte(name, '.')
	if dot <= 0 {
		dot = len(name)
	}
	tail := " (" + number + ")" + name[dot:]
	stem := name[:dot]
	if len(stem)+len(tail) > maxFilename {
		stem = cutRunes(stem, max(maxFilename-len(tail), 0))
	}
	if !utf8.ValidString(stem) {
		stem = "attachment"
	}
	return stem + tail
}
