package mailauth

import "time"

// Result is what became of one check, in the words of RFC 8601 section 2.7.
type Result string

// The results. Only Pass proves anything; None says that there was nothing to check.
const (
	None      Result = "none"
	Pass      Result = "pass"
	Fail      Result = "fail"
	SoftFail  Result = "softfail" // SPF only
	Neutral   Result = "neutral"
	TempError Result = "temperror"
	PermError Result = "permerror"
)

// Envelope is what the wire said. Where it is unknown (mail read from a mailbox)
// it stays empty, and SPF is none.
type Envelope struct {
	Peer string  // the address of the client that is outside, without port
	Helo string  // its name in HELO or EHLO
	From *string // MAIL FROM; nil when unknown, "" for the null sender
}

// Report is what could be verified of one message.
type Report struct {
	From   string // the one address of the one From field, domain in lower case; "" when there is not exactly one
	Domain string // its domain in A-labels; "" when it is none
	Why    string // why From or Domain is empty

	// DKIM holds the signatures that were looked at, topmost first, at most five:
	// those aligned with From, then the topmost ones. Found is how many there are.
	DKIM  []Signature
	Found int

	SPF   SPF
	DMARC DMARC

	// ARC is what the topmost ARC-Seal (RFC 8617) claims in cv=; "" without one. It is
	// recorded and never verified.
	ARC string
}

// Signature is one DKIM signature and what became of it.
type Signature struct {
	Domain    string // d=, A-labels, lower case
	Selector  string // s=
	Agent     string // i=; "@" and Domain when absent
	Algorithm string // a=
	Result    Result
	Why       string    // why the result is not Pass
	Headers   []string  // h=, lower case, in order; a name stands as often as it is signed
	Length    bool      // l= is present
	KeyBits   int       // length of the key; 0 when none was read
	Testing   bool      // the key says t=y: the domain only tries
	At        time.Time // t=; zero when absent
	Expires   time.Time // x=; zero when absent
	Digest    string    // the first eight characters of b=, as header.b (RFC 6008)
	Aligned   bool      // Domain is aligned with From's as the DMARC record asks; relaxed without one
}

// Signs is how often the signature covers the field; oversigned is one time more than
// the message has it. name is in lower case.
func (s Signature) Signs(name string) int {
	n := 0
	for _, h := range s.Headers {
		if h == name {
			n++
		}
	}
	return n
}

// SPF is what the peer proved about the envelope sender.
type SPF struct {
	Result  Result
	Domain  string // that was asked: MAIL FROM's, or HELO's for the null sender
	Helo    bool   // it was HELO's
	Why     string
	Aligned bool // Domain is aligned with From's as the DMARC record asks; relaxed without one
}

// DMARC is what From's domain says of its mail, and whether this one obeys.
type DMARC struct {
	Result     Result
	Domain     string // where the record was found: From's own or the organisational one
	Policy     string // none, quarantine or reject, sp= heeded; "" without a record
	StrictDKIM bool   // adkim=s
	StrictSPF  bool   // aspf=s
	Why        string
}
