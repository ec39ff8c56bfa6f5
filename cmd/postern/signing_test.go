package main

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"postern/mailin/mailauth"
	"postern/tickets"
)

// A signer of domains of the stories. go-msgauth signs by the system's clock; stories
// have one of their own.
var storyKey = ed25519.NewKeyFromSeed([]byte("a seed for the stories, 32 octets"[:32]))

// signing says how a mail is signed.
type signing struct {
	domain   string
	selector string // "story" when left out
	names    string // h=
	at       time.Time
	more     string        // further tags, such as "x=1; "
	key      crypto.Signer // RSA, or storyKey when nil
}

// gmailSigns are the fields that Gmail signs, in its order.
const gmailSigns = "cc:to:subject:message-id:date:from:in-reply-to:references:mime-version:from:to:cc:subject:date:message-id:reply-to"

// signed puts a DKIM-Signature above a message with CRLF line ends (RFC 6376,
// relaxed header, simple body).
func signed(raw string, s signing) string {
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	sum := sha256.Sum256([]byte(strings.TrimRight(body, "\r\n") + "\r\n"))
	how, key := "ed25519-sha256", s.key
	if key == nil {
		key = storyKey
	} else {
		how = "rsa-sha256"
	}
	field := fmt.Sprintf("DKIM-Signature: v=1; a="+how+"; c=relaxed/simple; d=%s; s=%s; t=%d; h=%s; bh=%s; %sb=",
		s.domain, or(s.selector, "story"), s.at.Unix(), s.names, base64.StdEncoding.EncodeToString(sum[:]), s.more)
	fields := strings.Split(strings.NewReplacer("\r\n ", " ", "\r\n\t", " ").Replace(head), "\r\n")
	var in strings.Builder
	for _, name := range strings.Split(s.names, ":") {
		for i := len(fields) - 1; i >= 0; i-- {
			if n, _, _ := strings.Cut(fields[i], ":"); strings.EqualFold(n, name) {
				in.WriteString(relaxed(fields[i]) + "\r\n")
				fields = append(fields[:i:i], fields[i+1:]...)
				break
			}
		}
	}
	in.WriteString(relaxed(field))
	hash := sha256.Sum256([]byte(in.String()))
	with := crypto.Hash(0) // RFC 8463 signs the hash as a message
	if s.key != nil {
		with = crypto.SHA256
	}
	sig, err := key.Sign(rand.Reader, hash[:], with)
	if err != nil {
		panic(err)
	}
	return field + base64.StdEncoding.EncodeToString(sig) + "\r\n" + raw
}

// relaxed writes a header field on one line as RFC 6376 section 3.4.2 wants it.
func relaxed(field string) string {
	name, value, _ := strings.Cut(field, ":")
	return strings.ToLower(strings.TrimSpace(name)) + ":" + strings.Join(strings.Fields(value), " ")
}

// storyZone is the DNS of the stories: every domain signs with the same key.
func storyZone(t testing.TB, more ...string) *mailauth.FileResolver {
	t.Helper()
	public := base64.StdEncoding.EncodeToString(storyKey.Public().(ed25519.PublicKey))
	lines := append([]string{"192.0.2.1 PTR mx.example.net"}, more...)
	for _, d := range []string{"example.org", "example.net", "evil.example"} {
		lines = append(lines, "story._domainkey."+d+" TXT v=DKIM1; k=ed25519; p="+public, "_dmarc."+d+" TXT v=DMARC1; p=none",
			d+" TXT v=spf1 ip4:192.0.2.1 -all")
	}
	zone, err := mailauth.ParseZone(strings.NewReader(strings.Join(lines, "\n")), "zone")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func init() { verbs["dns"] = (*story).dns }

// dns down makes every look-up fail from now on; dns up lets it answer again; dns empty
// forgets all records.
func (s *story) dns(args []string) error {
	switch args[0] {
	case "up":
		s.resolve(storyZone(s.t))
	case "empty":
		s.resolve(&mailauth.FileResolver{})
	case "down":
		down := &net.Resolver{PreferGo: true, Dial: nobodyAnswers}
		s.resolve(down)
	default:
		return fmt.Errorf("dns up, down or empty, not %q", args)
	}
	return nil
}

func (s *story) resolve(r mailauth.Resolver) {
	s.names = r
	s.house.resolver.Store(&resolver{r})
}

// signIn signs a mail that is to be delivered: sign=DOMAIN, with what Gmail covers unless
// covers= says otherwise, aged=6d ago.
func (s *story) signIn(raw string, opt map[string]string) (string, error) {
	if opt["sign"] == "" {
		return raw, nil
	}
	age, err := duration(or(opt["aged"], "0s"))
	return signed(raw, signing{domain: opt["sign"], names: or(opt["covers"], gmailSigns), at: s.now.Add(-age)}), err
}

// asStranger makes the arrival one of a listener with role mx: peer= is who connects,
// 203.0.113.9 when left out.
func (s *story) asStranger(a *tickets.Arrival, opt map[string]string) {
	if opt["role"] != "mx" {
		return
	}
	if s.names == nil {
		s.names = storyZone(s.t)
	}
	s.house.resolver.Store(&resolver{s.names})
	a.Role, a.Via, a.Source, a.Peer, a.Helo = tickets.RoleMX, tickets.ViaSMTP, "mx", or(opt["peer"], "203.0.113.9"), "mx.example.net"
	a.Trust = tickets.Trust{Verify: true}
}

// nobodyAnswers is the network of a DNS that is down.
func nobodyAnswers(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("no route to the DNS")
}
