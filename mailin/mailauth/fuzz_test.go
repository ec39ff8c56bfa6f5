package mailauth

import (
	"context"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"postern/mailin"
	"postern/tickets"
)

// closed covers every field that gives a message its meaning, once more than it stands there.
var closed = append([]string{"From", "Cc", "In-Reply-To", "References", "Reply-To", "Sender", "MIME-Version", "Content-Transfer-Encoding"}, append(usual, usual...)...)

// forms are the genuine messages the mutations start from.
func forms(t testing.TB) []string {
	var out []string
	for _, h := range []dkim.Canonicalization{dkim.CanonicalizationSimple, dkim.CanonicalizationRelaxed} {
		for _, b := range []dkim.Canonicalization{dkim.CanonicalizationSimple, dkim.CanonicalizationRelaxed} {
			out = append(out, sign(t, letter, covers(closed...), func(o *dkim.SignOptions) { o.HeaderCanonicalization, o.BodyCanonicalization = h, b }))
		}
	}
	return out
}

// mutate changes a few places of a message, often those that readers trip over.
func mutate(msg string, r *rand.Rand) string {
	tricks := []string{"\r", "\n", "\r\n", "\r\r\n", "\n\n", "\x00", " ", "\t", ":", "b=", "From: eve@evil.example\r\n", "\r\n ", "#close", "\ufeff", "X: y\r\n", "Subject: z\r\n",
		"Content-Transfer-Encoding: base64\r\n", "\xff", ";", "Content-Type: text/html\r\n", "DKIM-Signature: x\r\n", " From: a@b.c\r\n", "To : eve@evil.example\r\n"}
	b := []byte(msg)
	for range 1 + r.IntN(2) {
		at := r.IntN(len(b))
		if r.IntN(2) == 0 { // the start of a line
			for at > 0 && b[at-1] != '\n' {
				at--
			}
		}
		switch r.IntN(4) {
		case 0:
			b[at] ^= 1 << r.IntN(8)
		case 1:
			b = slices.Delete(b, at, at+1)
		case 2:
			b = slices.Insert(b, at, b[at])
		default:
			b = slices.Insert(b, at, []byte(tricks[r.IntN(len(tricks))])...)
		}
	}
	return string(b)
}

var space = regexp.MustCompile(`[ \t\r\n]+`)

// reading is what a person and the core are told of a message, white space apart:
// what no change may alter while a signature holds.
func reading(msg string) string {
	m := mailin.Parse(context.Background(), strings.NewReader(msg), mailin.Envelope{})
	var out []string
	for _, list := range [][]tickets.Address{m.From, m.To, m.Cc, m.ReplyTo, m.Sender} {
		for _, a := range list {
			out = append(out, a.Name+"<"+a.Addr+">")
		}
		out = append(out, "|")
	}
	out = append(out, m.Subject, m.MessageID, strings.Join(m.References, " "), m.Date.String(), m.Text, m.HTML, m.CommandText)
	for _, p := range m.Attachments {
		out = append(out, p.Filename, p.SHA256)
	}
	return strings.TrimSpace(space.ReplaceAllString(strings.Join(out, "\n"), " "))
}

// holds checks one changed message against go-msgauth, which signed it, and
// against what the reader makes of it.
func holds(t *testing.T, was, is string, z *FileResolver) bool {
	t.Helper()
	r := verify(t, is, z)
	if r.DMARC.Result != Pass {
		return false
	}
	theirs, err := dkim.VerifyWithOptions(strings.NewReader(is), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) { return z.LookupTXT(context.Background(), name) }})
	if !slices.ContainsFunc(theirs, func(v *dkim.Verification) bool { return v.Err == nil }) {
		t.Errorf("only we believe (%v):\n%q", err, is)
	}
	if a, b := reading(was), reading(is); a != b {
		t.Errorf("passes, and reads\n%s\ninstead of\n%s\n%q", b, a, is)
	}
	return true
}

// A change in a covered octet never passes: whatever passes is believed by
// go-msgauth too, and reads as it was written.
func FuzzVerify_changed(f *testing.F) {
	z := world(f)
	genuine := forms(f)
	for i := range uint64(400) {
		f.Add(i)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		was := genuine[r.IntN(len(genuine))]
		holds(t, was, mutate(was, r), z)
	})
}

// Over many changes some pass (blanks, folds, unsigned fields) and most do not,
// or the property above would be empty.
func TestVerify_changes(t *testing.T) {
	z, genuine, passed := world(t), forms(t), 0
	r := rand.New(rand.NewPCG(1, 2))
	for range 6000 {
		was := genuine[r.IntN(len(genuine))]
		if holds(t, was, mutate(was, r), z) {
			passed++
		}
	}
	if passed < 100 || passed > 2000 {
		t.Errorf("%d of 6000 changed messages pass", passed)
	}
	t.Logf("%d of 6000 pass", passed)
}

// One octet of a covered place, changed to every other value that is no white
// space: none passes. The signature's own field is covered too.
func TestVerify_every_octet(t *testing.T) {
	z := world(t)
	msg := sign(t, letter)
	for at := range msg {
		if strings.ContainsRune(blanks, rune(msg[at])) {
			continue
		}
		for _, c := range []byte{msg[at] ^ 1, msg[at] ^ 0x20, 'x', 0, 0xff, '\r', ':'} {
			is := msg[:at] + string([]byte{c}) + msg[at+1:]
			if c == msg[at] || strings.EqualFold(is, msg) && inName(msg, at) {
				continue
			}
			if r := verify(t, is, z); r.DMARC.Result == Pass {
				t.Errorf("octet %d %q for %q passes", at, c, msg[at])
			}
		}
	}
}

// inName: the names of fields may change their case in the relaxed form.
func inName(msg string, at int) bool {
	start := strings.LastIndexByte(msg[:at], '\n') + 1
	head := strings.Index(msg, "\r\n\r\n")
	return at < head && !strings.Contains(msg[start:at], ":") && msg[start] != ' '
}

// A change in trace headers above never breaks a signature.
func FuzzVerify_trace(f *testing.F) {
	z := world(f)
	genuine := forms(f)
	f.Add("Received", "from a by b; Mon", uint8(1))
	f.Add("authentication-results", "x; dkim=fail\r\n\tdmarc=fail", uint8(3))
	f.Add("DKIM-Signature", "d=example.org; h=from; b=x", uint8(99))
	f.Add("ARC-Seal", "i=1; cv=pass", uint8(2))
	name := regexp.MustCompile(`^[!-9;-~]{1,60}$`)
	value := regexp.MustCompile(`^[^\r\n\x00]*(\r?\n[ \t][^\r\n\x00]*)*$`)
	f.Fuzz(func(t *testing.T, n, v string, times uint8) {
		lower := strings.ToLower(n)
		if !name.MatchString(n) || !value.MatchString(v) || len(v) > 2000 || slices.Contains(singles, lower) || lower == "from" {
			return
		}
		if lower == "dkim-signature" && mayAlign(n+": "+v+"\r\n"+genuine[0]) {
			times = min(times, maxSignatures-1)
		}
		for _, was := range genuine {
			is := strings.Repeat(n+": "+v+"\r\n", int(times)) + was
			if r := verify(t, is, z); r.DMARC.Result != Pass {
				t.Errorf("%s\n%q", line(r), is)
			}
		}
	})
}

// mayAlign says that the first signature of a message might be its author's: five
// of those are verified and no more.
func mayAlign(msg string) bool {
	h := readHead(strings.NewReader(msg))
	s := readSignature(h.fields[0], h, now)
	return s.Result == "" && alignedWith("example.org", s.Domain, false)
}

// Nothing that arrives makes Verify panic, and its report is always whole.
func FuzzVerify_anything(f *testing.F) {
	z := world(f)
	for _, m := range forms(f) {
		f.Add(m, "bob@example.org", "192.0.2.1")
	}
	f.Add("DKIM-Signature: ;;b=;=\n\n", "@", "::")
	f.Fuzz(func(t *testing.T, msg, sender, peer string) {
		r := Verify(t.Context(), strings.NewReader(msg), Envelope{Peer: peer, Helo: sender, From: &sender}, z, now)
		if r.SPF.Result == "" || r.DMARC.Result == "" || len(r.DKIM) > maxSignatures || r.Found < len(r.DKIM) {
			t.Errorf("%+v", r)
		}
		for _, s := range r.DKIM {
			if s.Result == "" || s.Result == Pass && (s.Length || s.Signs("from") == 0 || s.Domain == "") {
				t.Errorf("%+v", s)
			}
		}
	})
}
