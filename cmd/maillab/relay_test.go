package maillab_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"postern/cmd/maillab"
)

var toRelay = maillab.Mail{From: "help@example.org", To: []string{"ann@example.net", "bob@example.net"},
	Raw: []byte("Message-ID: <1@example.org>\nSubject: hello\n\n..\n.x\nend\n")}

func TestRelay_keeps_what_it_is_sent(t *testing.T) {
	login := maillab.Login{User: "postern", Password: "secret"}
	r := maillab.StartRelay(t, maillab.RelayOptions{Login: login,
		TLS: maillab.ServerConfig(t)})
	if err := maillab.Send(r.Addr, maillab.Login{}, nil, toRelay); err == nil {
		t.Error("a relay with a login took mail without one")
	}
	if err := maillab.Send(r.Addr, login, maillab.CA(t).ClientConfig("localhost"), toRelay); err != nil {
		t.Fatal(err)
	}
	m := r.Wait(t, 1, soon)[0]
	raw := strings.ReplaceAll(string(toRelay.Raw), "\n", "\r\n")
	sum := sha256.Sum256([]byte(raw))
	if string(m.Raw) != raw || m.Hash != hex.EncodeToString(sum[:]) || m.MessageID != "1@example.org" {
		t.Errorf("kept %q with hash %s and id %s", m.Raw, m.Hash, m.MessageID)
	}
	if m.From != toRelay.From || strings.Join(m.To, " ") != strings.Join(toRelay.To, " ") {
		t.Errorf("envelope %s -> %v", m.From, m.To)
	}
	if !m.TLS || m.User != "postern" || !m.Acked {
		t.Errorf("TLS %v, user %q, acked %v", m.TLS, m.User, m.Acked)
	}
	for _, c := range r.Commands() {
		if strings.Contains(c, "c2VjcmV0") || strings.HasPrefix(c, "AUTH") && !strings.HasSuffix(c, "***") {
			t.Errorf("a password is in the commands: %s", c)
		}
	}
}

// At every stage a refusal reaches the client with its code, and is used up.
func TestRelay_refuses_at_every_stage(t *testing.T) {
	for _, s := range []maillab.Stage{maillab.Connect, maillab.EHLO, maillab.MAIL, maillab.RCPT, maillab.Data, maillab.Dot} {
		t.Run(string(s), func(t *testing.T) {
			r := maillab.StartRelay(t, maillab.RelayOptions{})
			r.At(s, maillab.Trouble{Reply: "450 4.2.0 busy", Times: 1})
			var refusal *smtp.SMTPError
			err := maillab.Send(r.Addr, maillab.Login{}, nil, toRelay)
			if !errors.As(err, &refusal) || refusal.Code != 450 {
				t.Errorf("first time: %v, want 450", err)
			}
			if err := maillab.Send(r.Addr, maillab.Login{}, nil, toRelay); err != nil {
				t.Errorf("second time: %v", err)
			}
			if n := len(r.Messages()); n != 1 {
				t.Errorf("%d messages kept, want 1", n)
			}
		})
	}
}

func TestRelay_cuts_at_every_stage(t *testing.T) {
	stages := []maillab.Stage{maillab.Connect, maillab.EHLO, maillab.MAIL, maillab.RCPT, maillab.Data, maillab.Body, maillab.Dot}
	for _, s := range stages {
		for name, cut := range map[string]maillab.Cut{"FIN": maillab.FIN, "RST": maillab.RST} {
			t.Run(string(s)+" "+name, func(t *testing.T) {
				r := maillab.StartRelay(t, maillab.RelayOptions{})
				r.At(s, maillab.Trouble{Cut: cut})
				var refusal *smtp.SMTPError
				if err := maillab.Send(r.Addr, maillab.Login{}, nil, toRelay); err == nil || errors.As(err, &refusal) {
					t.Errorf("got %v, want a lost connection", err)
				}
				if n := len(r.Messages()); n != 0 {
					t.Errorf("%d messages kept, want none", n)
				}
				r.Heal()
				if err := maillab.Send(r.Addr, maillab.Login{}, nil, toRelay); err != nil {
					t.Errorf("healed: %v", err)
				}
			})
		}
	}
}

// The ambiguous case: the message is kept and the client never learns it.
func TestRelay_keeps_and_hangs(t *testing.T) {
	r := maillab.StartRelay(t, maillab.RelayOptions{})
	r.At(maillab.Dot, maillab.Trouble{Cut: maillab.Blackhole, Keep: true, Times: 1})
	sent := make(chan error, 1)
	go func() { sent <- maillab.Send(r.Addr, maillab.Login{}, nil, toRelay) }()
	if m := r.Wait(t, 1, soon)[0]; m.Acked {
		t.Error("the message counts as acknowledged")
	}
	select {
	case err := <-sent:
		t.Errorf("the client heard something: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
}

func TestRelay_refuses_one_recipient(t *testing.T) {
	r := maillab.StartRelay(t, maillab.RelayOptions{})
	r.At(maillab.RCPT, maillab.Trouble{Reply: "550 5.1.1 unknown", Only: "bob@"})
	m := toRelay
	m.To = m.To[1:]
	if err := maillab.Send(r.Addr, maillab.Login{}, nil, m); err == nil {
		t.Error("bob was taken")
	}
	m.To = toRelay.To[:1]
	if err := maillab.Send(r.Addr, maillab.Login{}, nil, m); err != nil {
		t.Errorf("ann: %v", err)
	}
}
