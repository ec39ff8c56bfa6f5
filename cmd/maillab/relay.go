package maillab

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Stage is a point of an SMTP conversation at which a Relay can make trouble.
type Stage string

// The stages: the greeting, the answers to commands, and around the message:
// Data is the answer to DATA, Body while the message comes in (after its first
// line), Dot the answer to the final dot.
const (
	Connect  Stage = "CONNECT"
	EHLO     Stage = "EHLO"
	STARTTLS Stage = "STARTTLS"
	AUTH     Stage = "AUTH"
	MAIL     Stage = "MAIL"
	RCPT     Stage = "RCPT"
	Data     Stage = "DATA"
	Body     Stage = "BODY"
	Dot      Stage = "DOT"
	QUIT     Stage = "QUIT"
)

// Trouble is what a Relay does at a stage instead of answering as usual.
type Trouble struct {
	// Reply is sent in place of the usual answer, as it stands and with CRLF behind
	// it: "450 4.2.0 busy", or rubbish. Empty: with Cut nothing is said, without
	// Cut the usual answer.
	Reply string
	// Cut ends the connection after the reply: FIN, RST, or Blackhole, which hangs
	// until the client goes away.
	Cut Cut
	// Wait is a pause before all that.
	Wait time.Duration
	// Keep, at Dot: the message is kept although the client is not told so.
	Keep bool
	// Only makes trouble for commands that hold this text, such as a recipient.
	Only string
	// Times is how often; 0: always.
	Times int
}

// RelayOptions change what a Relay offers.
type RelayOptions struct {
	// TLS makes it offer STARTTLS with this configuration; with Implicit it speaks
	// TLS from the first octet.
	TLS      *tls.Config
	Implicit bool
	// Login, when set, is asked for by AUTH PLAIN before MAIL.
	Login Login
	// Extensions are the lines of the EHLO answer; nil: PIPELINING, 8BITMIME, SIZE,
	// ENHANCEDSTATUSCODES, SMTPUTF8 and DSN.
	Extensions []string
}

// Received is a message a Relay has kept.
type Received struct {
	From string   // reverse path without <>
	To   []string // recipients as given
	Args string   // parameters of MAIL FROM
	Raw  []byte   // octets between DATA and the dot, unstuffed, with CRLF
	// MessageID is without <>; Hash is the SHA-256 of Raw in hex.
	MessageID, Hash string
	// Acked tells whether the relay has answered 250; false is the ambiguous case.
	Acked bool
	// TLS and User tell how the client came.
	TLS  bool
	User string
	At   time.Time
}

// A Relay is an SMTP server that keeps what it is sent and fails as told. Its
// methods may be called from any goroutine.
type Relay struct {
	// Addr is its host:port.
	Addr string

	opts   RelayOptions
	listen net.Listener
	done   chan struct{} // closed when the relay stops
	gone   sync.WaitGroup

	mu       sync.Mutex
	troubles map[Stage][]*Trouble
	kept     []Received
	commands []string
	conns    map[net.Conn]bool
	closed   bool
	news     chan struct{} // closed and replaced when something was kept
}

// StartRelay starts a relay; the end of the test stops it.
func StartRelay(t testing.TB, o RelayOptions) *Relay {
	t.Helper()
	if o.Extensions == nil {
		o.Extensions = []string{"PIPELINING", "8BITMIME", "SIZE 83886080", "ENHANCEDSTATUSCODES", "SMTPUTF8", "DSN"}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("starting a relay: %v", err)
	}
	r := &Relay{Addr: l.Addr().String(), opts: o, listen: l, troubles: map[Stage][]*Trouble{},
		conns: map[net.Conn]bool{}, done: make(chan struct{}), news: make(chan struct{})}
	r.gone.Go(r.accept)
	t.Cleanup(r.close)
	return r
}

func (r *Relay) close() {
	r.listen.Close()
	r.mu.Lock()
	r.closed = true
	close(r.done)
	for c := range r.conns {
		c.Close()
	}
	r.mu.Unlock()
	r.gone.Wait()
}

func (r *Relay) accept() {
	for {
		c, err := r.listen.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		if r.closed {
			c.Close()
		}
		r.conns[c] = true
		r.mu.Unlock()
		r.gone.Go(func() {
			newConversation(r, c).run()
			c.Close()
			r.mu.Lock()
			delete(r.conns, c)
			r.mu.Unlock()
		})
	}
}

// At adds trouble to a stage. Several are used up in the order they were added.
func (r *Relay) At(s Stage, t Trouble) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.troubles[s] = append(r.troubles[s], &t)
}

// Heal ends all trouble.
func (r *Relay) Heal() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.troubles)
}

// trouble takes the trouble due at a stage for a command line, if any.
func (r *Relay) trouble(s Stage, line string) (Trouble, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, t := range r.troubles[s] {
		if !strings.Contains(line, t.Only) {
			continue
		}
		due := *t
		if t.Times == 1 {
			r.troubles[s] = append(r.troubles[s][:i:i], r.troubles[s][i+1:]...)
		} else if t.Times > 1 {
			t.Times--
		}
		return due, true
	}
	return Trouble{}, false
}

// keep stores a message.
func (r *Relay) keep(m Received) {
	sum := sha256.Sum256(m.Raw)
	m.Hash, m.At = hex.EncodeToString(sum[:]), time.Now()
	if parsed, err := mail.ReadMessage(bytes.NewReader(m.Raw)); err == nil {
		m.MessageID = strings.Trim(parsed.Header.Get("Message-Id"), "<> ")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = append(r.kept, m)
	close(r.news)
	r.news = make(chan struct{})
}

// Messages returns what was kept, in the order of arrival.
func (r *Relay) Messages() []Received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Received(nil), r.kept...)
}

// Commands returns every command line clients have sent, passwords blotted out.
func (r *Relay) Commands() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.commands...)
}

// Wait waits until n messages were kept and returns them all; the test fails when
// they do not come within the time.
func (r *Relay) Wait(t testing.TB, n int, within time.Duration) []Received {
	t.Helper()
	deadline := time.After(within)
	for {
		r.mu.Lock()
		kept, news := append([]Received(nil), r.kept...), r.news
		r.mu.Unlock()
		if len(kept) >= n {
			return kept
		}
		select {
		case <-news:
		case <-deadline:
			t.Fatalf("the relay has %d messages after %v, want %d; commands:\n%s",
				len(kept), within, n, strings.Join(r.Commands(), "\n"))
		}
	}
}
