package mailauth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"time"

	"postern/tickets"
)

// maxSignatures is how many signatures of one message are verified. All are parsed, to
// choose from; the bounds of a header are theirs.
const maxSignatures = 5

// signed is a signature that is being verified. An empty Result means that
// nothing speaks against it yet.
type signed struct {
	*claim
	Signature
}

type signatureSet struct {
	chosen []*signed
	found  int
}

// signatures reads the DKIM-Signature fields and chooses which to verify: those
// that could align with from first, and those that cannot pass whatever their key is
// last, so that nobody can hide the author's own signature behind a pile of others.
func signatures(h *head, from string, at time.Time) *signatureSet {
	set := &signatureSet{}
	var aligned, others, hopeless []*signed
	for _, f := range h.fields {
		if f.name != "dkim-signature" {
			continue
		}
		set.found++
		s := readSignature(f, h, at)
		s.place = set.found
		list := &others
		if s.Result != "" {
			list = &hopeless
		} else if alignedWith(from, s.Domain, false) {
			list = &aligned
		}
		if len(*list) < maxSignatures {
			*list = append(*list, s)
		}
	}
	set.chosen = slices.Concat(aligned, others, hopeless)
	set.chosen = set.chosen[:min(len(set.chosen), maxSignatures)]
	slices.SortFunc(set.chosen, func(a, b *signed) int { return a.place - b.place })
	return set
}

// fetchKeys asks for the key of each signature that may still pass.
func (set *signatureSet) fetchKeys(ctx context.Context, r Resolver) {
	for _, s := range set.chosen {
		if s.Result != "" {
			continue
		}
		k, result, why := fetchKey(ctx, r, s.Selector, s.Domain)
		s.key, s.KeyBits, s.Testing = k, k.bits, k.testing
		switch {
		case result != Pass:
			s.say(result, why)
		case k.strict && domainOf(s.Agent) != s.Domain:
			s.say(PermError, "i= is of another domain than the key allows")
		}
	}
}

// check reads the body once and settles what is open.
func (set *signatureSet) check(ctx context.Context, raw tickets.Raw, h *head) {
	var bodies [2]*bodyHash // simple, relaxed
	for _, s := range set.chosen {
		if s.Result == "" && bodies[index(s.relaxedBody)] == nil {
			bodies[index(s.relaxedBody)] = &bodyHash{hash: sha256.New(), relaxed: s.relaxedBody}
		}
	}
	err := readBody(ctx, raw, h.body, bodies)
	var sums [2][]byte
	for i, b := range bodies {
		if b != nil && err == nil {
			sums[i] = b.sum()
		}
	}
	for _, s := range set.chosen {
		switch {
		case s.Result != "":
		case err != nil:
			s.say(TempError, "the message could not be read")
		case !bytes.Equal(sums[index(s.relaxedBody)], s.bodySum):
			s.say(s.broken(), "the body was changed")
		case !s.key.verify(s.Algorithm, s.headerSum(h), s.sum):
			s.say(s.broken(), "a signed header was changed, or another key signed")
		default:
			s.Result = Pass
		}
	}
}

// broken is what a wrong signature counts: of a domain that only tries, nothing
// (RFC 6376, section 3.6.1).
func (s *signed) broken() Result {
	if s.Testing {
		return Neutral
	}
	return Fail
}

func index(relaxed bool) int {
	if relaxed {
		return 1
	}
	return 0
}

// readBody sends the body through the hashes, if there is one that wants it.
func readBody(ctx context.Context, raw tickets.Raw, from int64, bodies [2]*bodyHash) error {
	if bodies[0] == nil && bodies[1] == nil {
		return nil
	}
	in := io.NewSectionReader(raw, from, raw.Size()-from)
	buf := make([]byte, 64<<10)
	for {
		n, err := in.Read(buf)
		for _, b := range bodies {
			if b != nil {
				b.Write(buf[:n])
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}

// headerSum hashes the fields the signature names, and itself (RFC 6376, section 3.7).
func (s *signed) headerSum(h *head) []byte {
	sum := sha256.New()
	p := h.picker()
	for _, name := range s.Headers {
		if f, ok := p.pick(h, name); ok {
			io.WriteString(sum, canonField(f.raw, s.relaxedHead))
		}
	}
	own := canonField(withoutB(s.field.raw), s.relaxedHead)
	for len(own) > 0 && (own[len(own)-1] == '\n' || own[len(own)-1] == '\r') {
		own = own[:len(own)-1]
	}
	io.WriteString(sum, own)
	return sum.Sum(nil)
}
