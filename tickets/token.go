package tickets

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Purpose is what a signed address is for. A note's address can only make a
// note; a Message-ID's token only threads and is never evidence.
type Purpose uint8

// The purposes. They are part of the wire format: never renumber.
const (
	ForReply     Purpose = 1
	ForNote      Purpose = 2
	ForBounce    Purpose = 3
	ForMessageID Purpose = 4
	ForApprove   Purpose = 5
	ForConfirm   Purpose = 6
)

// TokenLen is the length of a written token: 95 bits and a MAC of 100, five
// bits a character.
const TokenLen = 39

const (
	tokenVersion   = 1
	alphabet       = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford, without i l o u
	payloadBits    = 95
	macBits        = 100
	maxTicket      = 1<<36 - 1
	maxParticipant = 1<<32 - 1
)

// ErrToken says that a text is not a token of ours: wrong length, letters,
// version, key or MAC. It says no more on purpose.
var ErrToken = errors.New("not a valid token")

// Token is what a signed reply address or Message-ID says.
type Token struct {
	Purpose     Purpose
	Key         uint8
	Ticket      int64
	Participant int64
	Generation  int // 13 bits; an older one than the ticket's is revoked
}

// Keyring holds the keys that sign tokens, by id. Old keys stay so that old
// addresses are understood; a removed key makes its tokens worthless.
type Keyring struct {
	Current uint8
	Keys    map[uint8][]byte
}

// Signer signs and reads tokens of one instance. It needs no database.
type Signer struct {
	Instance string
	Keys     Keyring
}

// Sign writes a token under the current key. A ticket beyond 36 bits or a
// participant beyond 32 is an error.
func (s Signer) Sign(t Token) (string, error) {
	key, ok := s.Keys.Keys[s.Keys.Current]
	if !ok {
		return "", fmt.Errorf("signing a reply address: no key %d", s.Keys.Current)
	}
	if t.Ticket < 0 || t.Ticket > maxTicket || t.Participant < 0 || t.Participant > maxParticipant {
		return "", fmt.Errorf("signing a reply address: ticket %d, participant %d out of range", t.Ticket, t.Participant)
	}
	t.Key = s.Keys.Current
	p := t.payload()
	return spell(p, s.mac(key, p)), nil
}

// Read verifies a token in any case, with Crockford's look-alikes. The error is
// always ErrToken.
func (s Signer) Read(text string) (Token, error) {
	bits, ok := unspell(text)
	if !ok {
		return Token{}, ErrToken
	}
	var p [12]byte
	copy(p[:], bits[:12])
	p[11] &^= 1 // the 96th bit is the MAC's first
	t, ok := parsePayload(p)
	if !ok {
		return Token{}, ErrToken
	}
	key, ok := s.Keys.Keys[t.Key]
	if !ok {
		return Token{}, ErrToken
	}
	if !hmac.Equal([]byte(spell(p, s.mac(key, p))), []byte(fold(text))) {
		return Token{}, ErrToken
	}
	return t, nil
}

func (s Signer) mac(key []byte, p [12]byte) []byte {
	h := hmac.New(sha256.New, key)
	fmt.Fprintf(h, "%d:%s:", len(s.Instance), s.Instance)
	h.Write(p[:])
	return h.Sum(nil)
}

// payload packs version 3, purpose 3, key 8, ticket 36, participant 32 and
// generation 13 bits, from the left, and one bit of nothing.
func (t Token) payload() [12]byte {
	hi := uint64(tokenVersion)<<61 | uint64(t.Purpose&7)<<58 | uint64(t.Key)<<50 |
		uint64(t.Ticket)<<14 | uint64(t.Participant)>>18
	lo := uint32(t.Participant)<<14 | uint32(t.Generation&0x1fff)<<1
	var p [12]byte
	binary.BigEndian.PutUint64(p[:8], hi)
	binary.BigEndian.PutUint32(p[8:], lo)
	return p
}

func parsePayload(p [12]byte) (Token, bool) {
	hi, lo := binary.BigEndian.Uint64(p[:8]), binary.BigEndian.Uint32(p[8:])
	t := Token{
		Purpose:     Purpose(hi >> 58 & 7),
		Key:         uint8(hi >> 50),
		Ticket:      int64(hi >> 14 & maxTicket),
		Participant: int64(hi&0x3fff<<18 | uint64(lo>>14)),
		Generation:  int(lo >> 1 & 0x1fff),
	}
	return t, hi>>61 == tokenVersion && t.Purpose >= ForReply && t.Purpose <= ForConfirm
}

// spell writes 95 bits of payload and 100 bits of MAC, five bits a letter.
func spell(p [12]byte, mac []byte) string {
	var b strings.Builder
	for i := range TokenLen {
		v := 0
		for j := i * 5; j < i*5+5; j++ {
			v = v<<1 | bitAt(p, mac, j)
		}
		b.WriteByte(alphabet[v])
	}
	return b.String()
}

func bitAt(p [12]byte, mac []byte, i int) int {
	if i < payloadBits {
		return int(p[i/8] >> (7 - i%8) & 1)
	}
	i -= payloadBits
	return int(mac[i/8] >> (7 - i%8) & 1)
}

func unspell(text string) (bits [(payloadBits + macBits + 7) / 8]byte, ok bool) {
	text = fold(text)
	if len(text) != TokenLen {
		return bits, false
	}
	for i := range TokenLen {
		v := strings.IndexByte(alphabet, text[i])
		if v < 0 {
			return bits, false
		}
		for j := range 5 {
			n := i*5 + j
			bits[n/8] |= byte(v>>(4-j)&1) << (7 - n%8)
		}
	}
	return bits, true
}

// fold lowers ASCII letters and reads Crockford's look-alikes.
func fold(s string) string {
	if len(s) > TokenLen {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		switch r {
		case 'i', 'l':
			return '1'
		case 'o':
			return '0'
		}
		return r
	}, s)
}

// Mark is the value of the header that tells our own mail when it comes back:
// the instance and a MAC over it and the message's first identity.
func (s Signer) Mark(id string) string {
	key := s.Keys.Keys[s.Keys.Current]
	h := hmac.New(sha256.New, key)
	fmt.Fprintf(h, "mark:%d:%s:%s", len(s.Instance), s.Instance, id)
	return fmt.Sprintf("%s %s %x", s.Instance, id, h.Sum(nil)[:12])
}

// OwnMark reports whether a header value was made by Mark under any key we hold.
func (s Signer) OwnMark(value string) bool {
	f := strings.Fields(value)
	if len(f) != 3 || f[0] != s.Instance {
		return false
	}
	for id := range s.Keys.Keys {
		k := s
		k.Keys.Current = id
		if hmac.Equal([]byte(k.Mark(f[1])), []byte(value)) {
			return true
		}
	}
	return false
}
