package main

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"postern/mailin/mailauth"
	"postern/tickets"
)

// nameServer answers TXT questions for one name over UDP, and says of every other name
// that it does not exist.
func nameServer(t *testing.T, name, text string) string {
	t.Helper()
	in, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, peer, err := in.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response, m.RCode = true, dnsmessage.RCodeNameError
			m.Additionals = nil
			if q := m.Questions[0]; q.Name.String() == name+"." && q.Type == dnsmessage.TypeTXT {
				m.RCode = dnsmessage.RCodeSuccess
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
					Body: &dnsmessage.TXTResource{TXT: []string{text}}}}
			}
			out, _ := m.Pack()
			in.WriteTo(out, peer)
		}
	}()
	return in.LocalAddr().String()
}

// The configured DNS server is the one that is asked; one that is not there proves
// nothing and takes no message's time away but a little.
func TestResolverFor(t *testing.T) {
	server := nameServer(t, "_dmarc.example.net", "v=DMARC1; p=reject")
	mail := strings.NewReader("From: ann@example.net\r\nTo: help@example.org\r\n\r\nIt burns.\r\n")
	dmarc := func(server string) string {
		r := resolverFor(Config{Verify: VerifyConfig{Resolver: server}}, &world{})
		return string(mailauth.Verify(context.Background(), mail, mailauth.Envelope{}, r, time.Now()).DMARC.Result)
	}
	if got := dmarc(server); got != "fail" {
		t.Errorf("with the policy of the server dmarc=%s", got)
	}
	gone, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	if got := dmarc(gone.LocalAddr().String()); got != "temperror" {
		t.Errorf("without a server dmarc=%s", got)
	}
}

// Who verifies: listeners for strangers unless they say otherwise, others only when they say so.
func TestEvidenceOfSources(t *testing.T) {
	yes, no := true, false
	for _, tt := range []struct {
		role   tickets.Role
		verify *bool
		want   bool
	}{
		{tickets.RoleMX, nil, true}, {tickets.RoleMX, &no, false}, {tickets.RoleMTA, nil, false}, {tickets.RoleMTA, &yes, true},
		{tickets.RoleSubmission, nil, false},
	} {
		if got := (ListenerConfig{Role: string(tt.role), Verify: tt.verify}).evidence().Verify; got != tt.want {
			t.Errorf("listener %s, %v: verify %v", tt.role, tt.verify, got)
		}
	}
	if (MailboxConfig{}).evidence().Verify || !(MailboxConfig{Verify: true}).evidence().Verify {
		t.Error("a mailbox verifies when it says so, and only then")
	}
}

// panicking is a DNS whose library panics.
type panicking struct{ mailauth.Resolver }

func (panicking) LookupTXT(context.Context, string) ([]string, error) { panic("a bug") }

// SPF is asked where strangers' servers connect, and nowhere else: behind our own mail
// server the peer is our own. A broken library costs the evidence, not the mail.
func TestVerifyBySource(t *testing.T) {
	h := newHelpdesk(nil, tickets.Keyring{}, time.Now, newLog(&strings.Builder{}, nil, "text"))
	mail := strings.NewReader("From: ann@example.net\r\nTo: help@example.org\r\n\r\nIt burns.\r\n")
	from := "ann@example.net"
	found := func(role tickets.Role) *tickets.Findings {
		return h.verify(context.Background(), tickets.Arrival{Role: role, Peer: "192.0.2.1", From: &from, At: time.Now()}, mail)
	}
	if f := found(tickets.RoleMX); f != nil {
		t.Errorf("without a resolver: %v", f)
	}
	h.resolver.Store(&resolver{storyZone(t)})
	if got, want := found(tickets.RoleMX).String(), "dkim=none; spf=pass example.net; dmarc=pass example.net"; got != want {
		t.Errorf("mx: %s", got)
	}
	if got := found(tickets.RoleMTA).String(); !strings.HasPrefix(got, "dkim=none; spf=none; dmarc=fail example.net") {
		t.Errorf("mta: %s", got)
	}
	h.resolver.Store(&resolver{panicking{}})
	if f := found(tickets.RoleMX); f != nil {
		t.Errorf("after a panic: %v", f)
	}
}
