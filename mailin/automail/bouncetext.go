package automail

import (
	"regexp"
	"strings"

	"postern/tickets"
)

// Bounces without a machine-readable part are read by what they have in common:
// an address that stands apart (alone on its line, in angle brackets before a
// colon, after a word like "delivered to"), near it the words of a server with a
// reply code, and below all a copy of the message, which is not looked at.

// maxBounceText bounds the text that is searched.
const maxBounceText = 64 << 10

var (
	addrIn   = regexp.MustCompile(`[^\s<>"'():;,\[\]]{1,200}@[^\s<>"'():;,\[\]@]{1,250}`)
	enhanced = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	reply    = regexp.MustCompile(`(?:^|[\s:#(\[])([45]\d\d)(?:[ -]|$)`)
	// copyMark is a line that begins the copy of the returned message.
	copyMark = regexp.MustCompile(`(?i)^(-{2,}.*(copy|original|unsent|returned|begin|message follows|header|kopie|copie|nachricht|сообщени|письм|oryginaln|mensaje|mensagem|messaggio).*|(return-path|received|dkim-signature|mime-version|message-id|original message headers|x-received)\s*:.*)$`)
	// alone is an address that has a line for itself: qmail, Postfix, courier,
	// Exim, Domino, Yahoo, sendmail, smail, Gmail.
	alone = regexp.MustCompile(`^[\s*•-]*(?:To:|Recipient:|Empfänger:|Destinataire ?:|Получатель:|收件人[:：])?\s*[<"']?([^\s<>"']+@[^\s<>"',;:()]+)[>"']?\s*(?:\((?:expanded|generated|ultimately|reason)[^)]*\)?.*|on \d.*|\.\.\. .*|…|[-–—] .*|\([^()]*\))?:?\s*(.*)$`)
	// inParens is Exchange's "Ann Example (ann@example.org)".
	inParens = regexp.MustCompile(`^\s*[^()@]{1,120}[(<]([^\s()<>]+@[^\s()<>]+)[)>](?:\s*[(<]mailto:[^)>]*[)>])?\s*$`)
	// inSentence is Gmail's, Microsoft 365's and the providers' sentence.
	inSentence = regexp.MustCompile(`(?i)(?:delivered to|deliver(?:ing)? (?:your )?(?:message|mail|e-?mail)? ?to|message to|mail to|sent to|recipient|address|account|mailbox|zugestellt.{0,40}an|an die adresse|empfänger|destinataire|adresse|destinatario|destinatário|indirizzo|dirección|endereço|adresat\w*|получател\w*|адрес\w*|收件人|地址|宛先|받는 ?사람)\s*[:：]?\s*[<"'(]?([^\s<>"'()]+@[^\s<>"'(),;:]+)`)
)

// fromDaemon says that a mail comes from where bounces come from. A person who
// quotes a bounce does not.
func (j *judge) fromDaemon() bool {
	if j.reportType == "bounce" || j.EnvelopeFrom != nil && *j.EnvelopeFrom == "" && bounceSubject.MatchString(j.Subject) {
		return true
	}
	for _, h := range j.Headers {
		if strings.EqualFold(h.Name, "X-Failed-Recipients") {
			return true
		}
	}
	for _, a := range j.From {
		s := squeezed(localPart(first(a.Addr, a.Name)))
		if strings.Contains(s, "mailerdaemon") || strings.HasPrefix(s, "microsoftexchange") {
			return true
		}
		if (strings.HasPrefix(s, "postmaster") || strings.HasPrefix(s, "bounce") || strings.HasPrefix(s, "mailsystem") || strings.HasPrefix(s, "maildelivery") || strings.HasPrefix(s, "mdaemon")) &&
			(j.Automatic || bounceSubject.MatchString(j.Subject)) {
			return true
		}
	}
	return false
}

// bounceSubject is how the subjects of bounces begin, by stems of the languages.
var bounceSubject = regexp.MustCompile(`(?i)(undeliver|delivery (status|fail|notif|report|problem|delayed|has failed|incomplete)|failure notice|mail delivery|mail system error|returned mail|returned to sender|non.?remis|nondeliver|non.?deliver|could not (be )?(send|deliver|sent)|couldn't be delivered|message delayed|warning: (message|could)|unzustellbar|nicht zugestellt|zustell|unbestellbar|non distribu|échec de (la )?remise|non remis|no se puede entregar|no entregad|mancato recapito|non recapitabile|impossibile|onbestelbaar|niet afgeleverd|não entregue|não foi possível entregar|falha na entrega|niedostarczaln|nie dostarczono|zwrot|не доставлен|недоставлен|невозможно доставить|не доставлено|nedoručiteln|nedoručen|kézbesíthetetlen|olevererbart|går inte att leverera|kunne ikke leveres|kan ikke leveres|uleveret|toimittamaton|ei voitu toimittaa|teslim edilemedi|iletilemedi|退信|无法送达|未送達|無法傳遞|配信不能|配信できません|エラー|배달되지|반송|전송 실패)`)

// textBounces reads a bounce that is only text.
func (j *judge) textBounces() (found []tickets.Bounce) {
	text := j.Text
	if strings.TrimSpace(text) == "" {
		text = strings.Join(partTexts(j.Parts), "\n")
	}
	lines := ownLines(text)
	body := strings.Join(lines, "\n")
	all := j.recipients(lines)
	for _, r := range all {
		b := tickets.Bounce{Recipient: r.addr, Diagnostic: r.words}
		if !speaks(r.words) && len(all) == 1 {
			b.Diagnostic = first(j.diagnosticIn(body), r.words)
		}
		b.Action = textAction(j.Subject + "\n" + body)
		b.Status = statusOf(first(b.Diagnostic, body), b.Action)
		if !specific(b.Status) {
			b.Status = first(statusOf(body, b.Action), b.Status)
		}
		found = append(found, b)
	}
	return found
}

// specific says that a status tells more than its class.
func specific(s string) bool { return s != "" && !strings.HasSuffix(s, ".0.0") }

// ownLines are the lines of a bounce above the copy of the message.
func ownLines(text string) []string {
	if len(text) > maxBounceText {
		text = text[:maxBounceText]
	}
	text = strings.ToValidUTF8(strings.NewReplacer("\r", "", "\x00", "").Replace(text), "\uFFFD")
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if i > 2 && copyMark.MatchString(strings.TrimSpace(l)) {
			return lines[:i]
		}
	}
	return lines
}

// recipient is an address with what the report says about it.
type recipient struct{ addr, words string }

// recipients finds the addresses that a report is about: the header that names
// them, the addresses that stand apart, at last those in a sentence.
func (j *judge) recipients(lines []string) (found []recipient) {
	seen := map[string]bool{}
	add := func(addr, words string) {
		addr = strings.ToLower(strings.TrimRight(strings.Trim(addr, `<>"'.*`), ".,:;"))
		if !addrIn.MatchString(addr) || strings.HasPrefix(addr, "mailto:") || j.isOwn(addr) || len(found) >= maxBounces {
			return
		}
		if !seen[addr] {
			seen[addr] = true
			found = append(found, recipient{addr, words})
		}
	}
	named := j.named()
	for i, l := range lines {
		if addr, words, ok := apart(l); ok && (len(named) == 0 || containsFold(named, addr)) {
			add(addr, said(lines, i, addr, words))
		}
	}
	for _, a := range named {
		add(a, "")
	}
	if len(found) > 0 {
		return found
	}
	for i, l := range lines {
		for _, f := range inSentence.FindAllStringSubmatch(l, 4) {
			add(f[1], said(lines, i, f[1], ""))
		}
	}
	return found
}

// named are the addresses that the header names.
func (j *judge) named() (addrs []string) {
	for _, h := range j.Headers {
		if strings.EqualFold(h.Name, "X-Failed-Recipients") {
			addrs = append(addrs, addrIn.FindAllString(h.Value, maxBounces)...)
		}
	}
	return addrs
}

// containsFold says that an address is in a list, in any case.
func containsFold(list []string, addr string) bool {
	for _, x := range list {
		if strings.EqualFold(x, strings.Trim(addr, "<>\"'.")) {
			return true
		}
	}
	return false
}

// isOwn says that an address is the daemon's own, or the one the report was sent to.
func (j *judge) isOwn(addr string) bool {
	local := squeezed(localPart(addr))
	if strings.Contains(local, "mailerdaemon") || local == "postmaster" || local == "support" || local == "abuse" {
		return true
	}
	for _, a := range j.From {
		if strings.EqualFold(a.Addr, addr) {
			return true
		}
	}
	for _, h := range j.Headers {
		if strings.EqualFold(h.Name, "To") && strings.EqualFold(strings.TrimSpace(bare(h.Value)), addr) {
			return true
		}
	}
	return false
}

// apart finds an address that stands apart on a line, and the words behind it.
func apart(l string) (addr, words string, ok bool) {
	l = strings.TrimRight(l, " \t\u00A0")
	if len(l) > 1000 || !strings.Contains(l, "@") {
		return "", "", false
	}
	if f := inParens.FindStringSubmatch(l); f != nil {
		return f[1], "", true
	}
	f := alone.FindStringSubmatch(l)
	if f == nil {
		return "", "", false
	}
	words = f[2]
	if words != "" && !strings.Contains(l, ">:") && !strings.Contains(l, "\":") && !reply.MatchString(words) && !enhanced.MatchString(words) {
		return "", "", false // a sentence that begins with an address
	}
	return f[1], words, true
}

// How far below an address its server's words are looked for.
const (
	maxSaid       = 14 // lines
	maxParagraphs = 4
)

// said is what a report says of the address on line i: what stands behind it, with
// the lines that go on, else the first paragraph below that speaks as servers do,
// else the words directly below.
func said(lines []string, i int, addr, words string) string {
	if words == "" {
		_, words, _ = strings.Cut(lines[i], addr)
		if words = strings.TrimLeft(words, ">:.\"' \t"); !speaks(words) {
			words = ""
		}
	}
	near := ""
	for n, p := range paragraphsBelow(lines, i, addr) {
		switch {
		case n == 0 && words != "" && p.indented:
			return words + " " + p.text
		case words != "":
			return words
		case speaks(p.text):
			return p.text
		case n == 0 && p.directly:
			near = p.text
		}
	}
	return first(words, near)
}

// paragraph is some lines of a report below an address.
type paragraph struct {
	text     string
	directly bool // no empty line parts it from the address
	indented bool // and it is set in, as lines are that go on
}

// paragraphsBelow are the next paragraphs, up to another address; drawn lines, and
// lines that only announce ("The response was:"), are left out.
func paragraphsBelow(lines []string, i int, addr string) (found []paragraph) {
	p, parted := paragraph{}, false
	end := func() {
		if p.text != "" {
			found = append(found, p)
		}
		p = paragraph{}
	}
	for k := i + 1; k < min(i+maxSaid, len(lines)) && len(found) < maxParagraphs; k++ {
		l := strings.TrimSpace(lines[k])
		if other, _, ok := apart(lines[k]); ok && !strings.EqualFold(strings.Trim(other, "<>\"'."), addr) {
			break
		}
		switch {
		case l == "":
			parted = true
			end()
		case drawn(l) || strings.HasSuffix(l, ":"):
		case p.text == "":
			p = paragraph{strings.TrimLeft(l, "- "), !parted, !parted && lines[k][0] <= ' '}
		default:
			p.text += " " + l
		}
	}
	end()
	return found
}

// drawn says that a line is drawn, with or without words in it.
func drawn(l string) bool {
	return strings.HasPrefix(l, "---") || strings.HasPrefix(l, "|--") || strings.HasPrefix(l, "***") || strings.HasPrefix(l, "===")
}

// speaks says that words are those of a server: they hold a code, or a known cause.
func speaks(words string) bool {
	return words != "" && (reply.MatchString(words) || enhanced.MatchString(words) || specific(statusOf(words, "failed")))
}

// diagnosticIn is the line of a text that holds a server's words.
func (j *judge) diagnosticIn(text string) string {
	code := ""
	for _, l := range ownLines(text) {
		l = strings.TrimSpace(l)
		if reply.MatchString(l) && len(l) > 4 {
			return strings.TrimLeft(l, "<# ")
		}
		if code == "" && enhanced.MatchString(l) {
			code = l
		}
	}
	return code
}
