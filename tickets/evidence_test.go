package tickets

import (
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func testSettings() *Settings {
	return &Settings{
		Instance: "it.example", Domain: "example.org", ReplyDomain: "reply.example.org", Limits: DefaultLimits(),
		Queues: []Queue{
			{Name: "it", Addresses: []string{"help@example.org"}, Tag: "IT", Agents: []string{"bob", "bea"}, ReopenWindow: 14 * 24 * time.Hour},
			{Name: "hr", Addresses: []string{"hr@example.org"}, Tag: "HR", Agents: []string{"carl"}},
		},
		Agents: []Agent{
			{Name: "bob", Display: "Bob Brown", Addresses: []string{"bob@example.org", "b.brown@example.org"}},
			{Name: "bea", Display: "Bea Blue", Addresses: []string{"bea@example.org"}},
			{Name: "carl", Display: "Carl Clay", Addresses: []string{"carl@example.org"}},
		},
	}
}

func stamp(servid string, above int, results ...AuthResult) AuthResults {
	return AuthResults{ServID: servid, Above: above, Results: results}
}

func result(method, value, prop, v string) AuthResult {
	return AuthResult{Method: method, Value: value, Props: map[string]string{prop: v}}
}

// The evidence table: who a mail proves to be from (IN-I01 to I04, I10 to I12, E02, E03).
func TestJudge(t *testing.T) {
	boundary := Trust{ServIDs: []string{"mx.example.org"}, Mode: "boundary", Above: 1}
	dmarc := stamp("mx.example.org", 1, result("dmarc", "pass", "header.from", "example.org"), result("dkim", "pass", "header.d", "example.org"))
	signs := []string{"from", "to", "subject", "message-id"}
	covered := []Signature{{Domain: "example.org", Headers: signs, At: noon.Add(-time.Hour)}}
	mail := func(change ...func(*Arrival, *Message)) (Arrival, Message) {
		a := Arrival{Role: RoleMailbox, Trust: boundary, At: noon}
		m := Message{Froms: 1, From: []Address{{Addr: "bob@example.org"}}, To: []Address{{Addr: "help@example.org"}},
			Date: noon, ContentKey: "k"}
		for _, c := range change {
			c(&a, &m)
		}
		return a, m
	}
	from := func(addrs ...string) func(*Arrival, *Message) {
		return func(_ *Arrival, m *Message) {
			m.From = nil
			for _, a := range addrs {
				m.From = append(m.From, Address{Addr: a})
			}
		}
	}
	auth := func(fs ...AuthResults) func(*Arrival, *Message) {
		return func(_ *Arrival, m *Message) { m.Auth = fs }
	}
	signed := func(s ...Signature) func(*Arrival, *Message) {
		return func(_ *Arrival, m *Message) { m.Signatures = s }
	}
	found := func(rs []AuthResult, s ...Signature) func(*Arrival, *Message) {
		return func(a *Arrival, _ *Message) { a.Verified = &Findings{Results: rs, Signatures: s} }
	}
	arrival := func(f func(*Arrival)) func(*Arrival, *Message) { return func(a *Arrival, _ *Message) { f(a) } }
	tests := []struct {
		name string
		with []func(*Arrival, *Message)
		want Level
		why  string
	}{
		{"From alone", nil, L0, "From alone"},
		{"two From fields", []func(*Arrival, *Message){auth(dmarc), func(_ *Arrival, m *Message) { m.Froms = 2 }}, L0, "more than one From field"},
		{"two addresses", []func(*Arrival, *Message){auth(dmarc), from("bob@example.org", "eve@evil.example")}, L0, "more than one address"},
		{"guessed From", []func(*Arrival, *Message){auth(dmarc), func(_ *Arrival, m *Message) { m.From[0].Guessed = true }}, L0, "broken"},
		{"no From", []func(*Arrival, *Message){func(_ *Arrival, m *Message) { m.From, m.Froms = nil, 0 }}, L0, "no sender"},
		{"SMTP AUTH", []func(*Arrival, *Message){arrival(func(a *Arrival) { a.AuthAgent, a.Role = "bob", RoleSubmission })}, L2, "SMTP AUTH as bob"},
		{"SMTP AUTH as another", []func(*Arrival, *Message){arrival(func(a *Arrival) { a.AuthAgent, a.Role = "bea", RoleSubmission }), auth(dmarc)}, L0, "From is another"},
		{"trusted submission peer", []func(*Arrival, *Message){arrival(func(a *Arrival) { a.Role, a.TrustedPeer = RoleSubmission, true })}, L2, "submission peer"},
		{"trusted peer elsewhere", []func(*Arrival, *Message){arrival(func(a *Arrival) { a.Role, a.TrustedPeer = RoleMTA, true })}, L0, ""},
		{"DMARC and DKIM", []func(*Arrival, *Message){auth(dmarc), signed(covered...)}, L2, "aligned DKIM"},
		{"stamped at submission", []func(*Arrival, *Message){auth(stamp("mx.example.org", 0, result("auth", "pass", "smtp.auth", "BOB@example.org")))}, L2, "auth=pass"},
		{"stamped for another", []func(*Arrival, *Message){auth(stamp("mx.example.org", 0, result("auth", "pass", "smtp.auth", "eve@example.org")))}, L0, ""},
		{"DMARC by SPF only", []func(*Arrival, *Message){auth(stamp("mx.example.org", 0, result("dmarc", "pass", "header.from", "example.org"), result("spf", "pass", "smtp.mailfrom", "example.org")))}, L0, "without an aligned DKIM"},
		{"unaligned DKIM", []func(*Arrival, *Message){auth(stamp("mx.example.org", 0, result("dkim", "pass", "header.d", "evil.example")))}, L0, ""},
		{"DMARC of another domain", []func(*Arrival, *Message){auth(stamp("mx.example.org", 0, result("dmarc", "pass", "header.from", "evil.example")))}, L0, ""},
		{"foreign authserv-id", []func(*Arrival, *Message){auth(stamp("mx.evil.example", 0, dmarc.Results...))}, L0, ""},
		{"below the boundary", []func(*Arrival, *Message){auth(stamp("mx.example.org", 2, dmarc.Results...)), signed(covered...)}, L0, ""},
		{"nothing trusted", []func(*Arrival, *Message){auth(dmarc), arrival(func(a *Arrival) { a.Trust = Trust{} })}, L0, ""},
		{"single, two of them", []func(*Arrival, *Message){auth(dmarc, dmarc), arrival(func(a *Arrival) { a.Trust.Mode = "single" })}, L0, ""},
		{"single", []func(*Arrival, *Message){auth(dmarc), arrival(func(a *Arrival) { a.Trust.Mode = "single" })}, L2, "aligned DKIM"},
		{"replay: To not ours", []func(*Arrival, *Message){auth(dmarc), signed(covered...), func(_ *Arrival, m *Message) { m.To[0].Addr = "ann@example.net" }}, L0, "not addressed to us"},
		{"replay: another of ours", []func(*Arrival, *Message){auth(dmarc), signed(covered...), arrival(func(a *Arrival) { a.To = []string{"hr@example.org"} })}, L0, "not addressed to us"},
		{"replay: six days old", []func(*Arrival, *Message){auth(dmarc), signed(Signature{Domain: "example.org", Headers: signs, At: noon.Add(-6 * 24 * time.Hour)})}, L0, "older than 5 days"},
		{"replay: To unsigned", []func(*Arrival, *Message){auth(dmarc), signed(Signature{Domain: "example.org", Headers: []string{"from"}, At: noon})}, L0, "does not cover To"},
		{"replay: l= tail", []func(*Arrival, *Message){auth(dmarc), signed(Signature{Domain: "example.org", Headers: []string{"from", "to"}, At: noon, Length: true})}, L0, "whole body"},
		{"replay: expired", []func(*Arrival, *Message){auth(dmarc), signed(Signature{Domain: "example.org", Headers: signs, At: noon.Add(-time.Hour), Expires: noon.Add(-time.Minute)})}, L0, "expired"},
		{"replay: a made-up signature beside", []func(*Arrival, *Message){auth(dmarc), signed(covered[0], Signature{Domain: "example.org", Headers: []string{"from"}, At: noon})}, L0, "does not cover To"},
		{"replay: an old one beside a made-up new one", []func(*Arrival, *Message){auth(dmarc), signed(covered[0], Signature{Domain: "example.org", Headers: signs, At: noon.Add(-40 * 24 * time.Hour)})}, L0, "older than"},
		{"replay: Subject unsigned", []func(*Arrival, *Message){auth(dmarc), signed(Signature{Domain: "example.org", Headers: []string{"from", "to", "message-id"}, At: noon}), func(_ *Arrival, m *Message) { m.Subject = "x" }}, L0, "Subject"},
		{"replay: In-Reply-To unsigned", []func(*Arrival, *Message){auth(dmarc), signed(covered...), func(_ *Arrival, m *Message) { m.InReplyTo = []string{"a@b"} }}, L0, "what the mail answers"},
		{"replay: a second recipient", []func(*Arrival, *Message){auth(dmarc), signed(covered...), arrival(func(a *Arrival) { a.To = []string{"help@example.org", "r-x@reply.example.org"} })}, L0, "not addressed to us"},
		{"pass and fail in one field", []func(*Arrival, *Message){auth(stamp("mx.example.org", 0, append(dmarc.Results[:len(dmarc.Results):len(dmarc.Results)], result("dmarc", "fail", "header.from", "example.org"))...)), signed(covered...)}, L0, ""},
		{"forged below the genuine one", []func(*Arrival, *Message){auth(stamp("mx.example.org", 1, result("dmarc", "none", "header.from", "example.org")), stamp("mx.example.org", 1, result("auth", "pass", "smtp.auth", "bob@example.org")))}, L0, ""},
		{"two checkers of ours", []func(*Arrival, *Message){auth(stamp("mx.example.org", 0, dmarc.Results[0]), stamp("mx.example.org", 0, dmarc.Results[1])), signed(covered...), arrival(func(a *Arrival) { a.Trust.Fields = 2 })}, L2, "aligned DKIM"},
		{"replay: no Message-ID", []func(*Arrival, *Message){auth(dmarc), signed(covered...), func(_ *Arrival, m *Message) { m.ContentKey = "" }}, L0, "Message-ID"},
		{"a plus address is not the agent", []func(*Arrival, *Message){auth(dmarc), signed(covered...), from("bob+x@example.org")}, L1, "dmarc=pass"},
		{"subdomain is not aligned", []func(*Arrival, *Message){auth(dmarc), from("bob@sub.example.org")}, L0, ""},
		{"marker", []func(*Arrival, *Message){arrival(func(a *Arrival) { a.Trust.Marker = &Marker{Name: "X-Sasl", Value: "yes %a"} }), func(_ *Arrival, m *Message) { m.Headers = []Header{{"X-Sasl", "yes bob@example.org", 0}} }}, L2, "internal marker"},
		{"marker below", []func(*Arrival, *Message){arrival(func(a *Arrival) { a.Trust.Marker = &Marker{Name: "X-Sasl", Value: "yes"} }), func(_ *Arrival, m *Message) { m.Headers = []Header{{"X-Sasl", "yes", 1}} }}, L0, ""},
		{"marker twice", []func(*Arrival, *Message){arrival(func(a *Arrival) { a.Trust.Marker = &Marker{Name: "X-Sasl", Value: "yes"} }), func(_ *Arrival, m *Message) { m.Headers = []Header{{"X-Sasl", "yes", 0}, {"X-Sasl", "yes", 0}} }}, L0, ""},
		{"forged below the genuine one, by position", []func(*Arrival, *Message){auth(dmarc, stamp("mx.example.org", 2, dmarc.Results...)), signed(covered...)}, L0, "stand below the place"},
		{"forged beside a marker", []func(*Arrival, *Message){auth(stamp("mx.example.org", 2)), arrival(func(a *Arrival) { a.Trust.Marker = &Marker{Name: "X-Sasl", Value: "yes"} }), func(_ *Arrival, m *Message) { m.Headers = []Header{{"X-Sasl", "yes", 0}} }}, L0, "stand below"},
		{"forged beside a login", []func(*Arrival, *Message){auth(stamp("mx.example.org", 2)), arrival(func(a *Arrival) { a.AuthAgent, a.Role = "bob", RoleSubmission })}, L2, "SMTP AUTH"},
		{"more of ours than we write", []func(*Arrival, *Message){auth(dmarc, stamp("mx.example.org", 1, result("dmarc", "fail", "header.from", "example.org"))), signed(covered...)}, L2, "aligned DKIM"},
		{"own check", []func(*Arrival, *Message){found(nil, covered...)}, L2, "own check: the DKIM signature of example.org holds"},
		{"own check beside forged fields", []func(*Arrival, *Message){auth(stamp("mx.example.org", 2)), found(nil, covered...)}, L2, "own check"},
		{"own check against our mail server", []func(*Arrival, *Message){auth(stamp("mx.example.org", 0, result("dmarc", "fail", "header.from", "example.org"))), found(nil, covered...)}, L0, "our mail server says dmarc=fail"},
		{"own check: l=", []func(*Arrival, *Message){found(nil, Signature{Domain: "example.org", Headers: signs, At: noon, Length: true})}, L0, "whole body"},
		{"own check: a second recipient", []func(*Arrival, *Message){found(nil, covered...), arrival(func(a *Arrival) { a.To = []string{"help@example.org", "hr@example.org"} })}, L0, "not addressed to us"},
		{"own check: no Message-ID", []func(*Arrival, *Message){found(nil, covered...), func(_ *Arrival, m *Message) { m.ContentKey = "" }}, L0, "Message-ID"},
		{"own check: a field twice", []func(*Arrival, *Message){found(nil, covered...), func(_ *Arrival, m *Message) { m.Defects = []string{"duplicate-field"} }}, L0, "stands twice"},
		{"own check: from tomorrow's tomorrow", []func(*Arrival, *Message){found(nil, Signature{Domain: "example.org", Headers: signs, At: noon.Add(49 * time.Hour)})}, L0, "future"},
		{"own check: the second of two holds its ground", []func(*Arrival, *Message){found(nil, Signature{Domain: "example.org", Headers: signs, At: noon.Add(-8 * 24 * time.Hour)}, covered[0])}, L2, "own check"},
		{"own check: an unsigned Date is not believed", []func(*Arrival, *Message){found(nil, Signature{Domain: "example.org", Headers: signs})}, L0, "when it was made"},
		{"own check: DMARC by SPF", []func(*Arrival, *Message){found([]AuthResult{result("dmarc", "pass", "header.from", "example.org"), result("spf", "pass", "smtp.mailfrom", "example.org")})}, L0, "does not make an agent"},
		{"own check: DMARC by SPF, a requester", []func(*Arrival, *Message){from("ann@example.net"), found([]AuthResult{result("dmarc", "pass", "header.from", "example.net"), result("spf", "pass", "smtp.mailfrom", "example.net")})}, L1, "SPF"},
		{"own check: DNS down", []func(*Arrival, *Message){found([]AuthResult{result("dmarc", "temperror", "reason", "the DNS did not answer in time")})}, L0, "the DNS did not answer"},
		{"requester with DMARC by SPF", []func(*Arrival, *Message){from("ann@example.net"), auth(stamp("mx.example.org", 0, result("dmarc", "pass", "header.from", "example.net")))}, L1, "dmarc=pass for example.net"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, m := mail(tt.with...)
			got := Judge(a, m, testSettings())
			if got.Level != tt.want || !strings.Contains(got.Why, tt.why) {
				t.Errorf("Judge = %v %q, want %v %q", got.Level, got.Why, tt.want, tt.why)
			}
			if got.Proved != (tt.want > L0) {
				t.Errorf("Proved = %v at %v", got.Proved, got.Level)
			}
		})
	}
}

// A failed verdict is remembered, because a token must not outweigh it.
func TestJudgeFailed(t *testing.T) {
	a := Arrival{Trust: Trust{ServIDs: []string{"mx"}, Mode: "single"}}
	m := Message{Froms: 1, From: []Address{{Addr: "ann@example.net"}}, Auth: []AuthResults{stamp("mx", 0, result("dmarc", "fail", "header.from", "example.net"))}}
	if e := Judge(a, m, testSettings()); !e.Failed || e.Level != L0 {
		t.Errorf("Judge = %+v", e)
	}
}

// So are our own verdicts, and forged results; a DNS that is down is no verdict.
func TestJudgeFailedByUs(t *testing.T) {
	for _, tt := range []struct {
		name string
		a    Arrival
		auth []AuthResults
		want bool
	}{
		{"dmarc=fail", Arrival{Verified: &Findings{Results: []AuthResult{result("dmarc", "fail", "header.from", "example.net")}}}, nil, true},
		{"spf=fail", Arrival{Verified: &Findings{Results: []AuthResult{result("spf", "fail", "smtp.mailfrom", "example.net")}}}, nil, true},
		{"temperror", Arrival{Verified: &Findings{Results: []AuthResult{result("dmarc", "temperror", "reason", "x")}}}, nil, false},
		{"nothing", Arrival{}, nil, false},
		{"forged", Arrival{Trust: Trust{ServIDs: []string{"mx"}, Mode: "boundary"}}, []AuthResults{stamp("mx", 1)}, true},
	} {
		m := Message{Froms: 1, From: []Address{{Addr: "ann@example.net"}}, Auth: tt.auth}
		if e := Judge(tt.a, m, testSettings()); e.Failed != tt.want || e.Level != L0 {
			t.Errorf("%s: %+v", tt.name, e)
		}
	}
}

// A stranger's signature does not fill the database, and what is cut off counts as not signed.
func TestFindingsKept(t *testing.T) {
	var names []string
	for range 10_000 {
		names = append(names, "x")
	}
	f := Findings{Signatures: []Signature{{Headers: append(names, "to")}, {Headers: []string{"from", "to"}}}}.Kept()
	if len(f.Signatures[0].Headers) > maxSignedNames || len(f.Signatures[1].Headers) != 2 {
		t.Errorf("%d and %d names are kept", len(f.Signatures[0].Headers), len(f.Signatures[1].Headers))
	}
}

// A quoted local part that needs no quotes is the same mailbox; nothing else is folded.
func TestAddressKey(t *testing.T) {
	for in, want := range map[string]string{
		`Victim@Example.NET`:     "victim@example.net",
		`"victim"@example.net`:   "victim@example.net",
		`"v\ict\im"@example.net`: "victim@example.net",
		`"a b"@example.net`:      `"a b"@example.net`,
		`"a\"b"@example.net`:     `"a\"b"@example.net`,
		`"a..b"@example.net`:     `"a..b"@example.net`,
		`""@example.net`:         `""@example.net`,
		`v.ictim+x@example.net`:  "v.ictim+x@example.net",
		`no address`:             "no address",
	} {
		if got := AddressKey(in); got != want {
			t.Errorf("AddressKey(%s) = %s, want %s", in, got, want)
		}
	}
	s := testSettings()
	if _, ok := s.AgentOf(`"b\ob"@example.org`); !ok {
		t.Error("a quoted agent is not known")
	}
	if !s.ours(`"help"@example.org`) {
		t.Error("a quoted queue is not known as ours")
	}
}

// IN-I09: a known Message-ID takes the level of a mail that only a signature proved.
func TestReplayable(t *testing.T) {
	signed := Evidence{Level: L2, Proved: true, Signed: true, Agent: "bob"}
	if got := signed.replayable("seen"); got.Level != L0 || got.Proved {
		t.Errorf("signed: %+v", got)
	}
	session := Evidence{Level: L2, Proved: true, Agent: "bob"}
	if got := session.replayable("seen"); got.Level != L2 {
		t.Errorf("session: %+v", got)
	}
}

// A spent nonce never hands its place to the next one of a quoted list.
func TestFirstNonce(t *testing.T) {
	a, b := strings.Repeat("a", 26), strings.Repeat("b", 26)
	for _, tt := range []struct {
		args, subject, text, want string
	}{
		{a, "x " + b, b, a},
		{"", "Re: x (" + b + ")", "> #confirm " + a, b},
		{"", "Re: x", "> #confirm " + a + "\n> " + b, a},
		{"", "Re: x", "no", ""},
	} {
		if got := firstNonce(tt.args, tt.subject, tt.text); got != tt.want {
			t.Errorf("firstNonce(%q, %q, %q) = %q", tt.args, tt.subject, tt.text, got)
		}
	}
}
