package mailin

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/emersion/go-smtp"

	"postern/tickets"
)

// retryFor is how long the key of a message without a Message-ID holds: long
// enough for a retry, short enough for the same words to be said again.
const retryFor = 10 * time.Minute

// maxReceived is how many Received fields a message may bring (RFC 5321 section 6.3).
const maxReceived = 100

var (
	errTooBig = errors.New("message exceeds the size limit")
	errLoop   = errors.New("too many Received fields")
)

// Data takes the message: nil, and so 250, only when it is durable.
//
// By BDAT the library runs it in a goroutine of its own, which may still run when
// the next commands come: so it works on a copy of the envelope.
func (s *session) Data(r io.Reader) error {
	s.mu.Lock()
	env := s.env
	env.to = append([]string(nil), s.env.to...)
	s.mu.Unlock()
	_, bdat := r.(*io.PipeReader)
	s.conn.enter(bdat)
	if bdat { // by DATA the rest of a refused message is still read; Reset comes behind it
		defer s.conn.leave()
		r = chunked{r, s.conn}
	}
	err := s.receive(env, r)
	if bdat && err != nil {
		s.unfinished(r, err)
	}
	if err != nil {
		return s.refuse("DATA", err)
	}
	s.conn.useful()
	s.l.Count(MetricMessage)
	return nil
}

// unfinished reads the rest of a refused message's chunks, so that the dialogue stays
// in step. A message that was taken back half-way ends the dialogue: the library may
// take what this goroutine returns for the result of the next message.
func (s *session) unfinished(r io.Reader, err error) {
	if _, drainErr := io.Copy(io.Discard, r); errors.Is(err, smtp.ErrDataReset) || errors.Is(drainErr, smtp.ErrDataReset) {
		s.conn.leave()
		s.conn.sendAway("421", "4.3.0", "Message taken back, please connect again")
	}
}

// receive spools the message, looks at it and hands it to the desk.
func (s *session) receive(env envelope, r io.Reader) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	spool, err := s.l.Spool.New()
	if err != nil {
		return err
	}
	defer spool.Close()
	scan := &headScan{}
	if _, err := fill(r, spool, scan); errors.Is(err, smtp.ErrDataTooLarge) {
		return errTooBig
	} else if err != nil {
		return err
	}
	if err := s.whole(r, spool); err != nil {
		return err
	}
	if err := s.judge(env, scan, spool.Size()); err != nil {
		return err
	}
	a := s.arrival(env, scan, spool)
	if err := s.l.Accept(s.l.context, a, spool); err != nil {
		return fmt.Errorf("accept: %w", err)
	}
	s.log.Info("message accepted", "size", a.Size, "sha256", a.SHA256, "recipients", len(a.To))
	return nil
}

// whole makes sure that what was read is what was announced.
func (s *session) whole(r io.Reader, spool *Spool) error {
	if spool.Size() > s.l.MaxSize {
		return errTooBig
	}
	if _, bdat := r.(chunked); !bdat {
		return nil // the dot was seen
	}
	if err := s.conn.failed(); err != nil { // even a command cut before its line end is carried out
		return errors.Join(errCut, err)
	}
	if want := announced(s.lib); want != spool.Size() {
		return fmt.Errorf("%d of %d octets: %w", spool.Size(), want, errCut)
	}
	return nil
}

// announced is the sum of the BDAT chunks' sizes. The library ends a chunk that a
// TLS close_notify cut short like a whole one, and knows better only in a field
// that it does not export; it is written before the end of the message is seen.
func announced(c *smtp.Conn) int64 {
	return reflect.ValueOf(c).Elem().FieldByName("bytesReceived").Int()
}

// chunked reads a message that comes by BDAT.
type chunked struct {
	r    io.Reader
	conn *conn
}

// Read tells the connection what was the message's.
func (c chunked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.conn.consumed(n)
	return n, err
}

// judge asks what may refuse a whole message.
func (s *session) judge(env envelope, scan *headScan, size int64) error {
	if scan.received > maxReceived {
		return errLoop
	}
	if s.l.Envelope == nil {
		return nil
	}
	err := s.l.Envelope(Dialogue{Peer: s.peerFacts(), From: env.from, To: env.to, Header: scan.head, Size: size})
	var no *Refusal
	if errors.As(err, &no) && no != nil {
		return no
	}
	if err != nil {
		s.log.Error("rules failed at the door; the message is accepted", "err", err)
	}
	return nil
}

// arrival describes the message to the desk.
func (s *session) arrival(env envelope, scan *headScan, spool *Spool) tickets.Arrival {
	a := tickets.Arrival{
		Via: tickets.ViaSMTP, Role: s.l.Role, Source: s.l.Name, Peer: s.conn.peer, Helo: s.helo, TLS: s.tls,
		AuthAgent: env.agent, TrustedPeer: s.trusted(), From: &env.from, To: env.to,
		Queue: s.l.Queue, Trust: s.l.Trust, Size: spool.Size(), SHA256: spool.SHA256(), At: s.l.Now(),
	}
	if s.l.LMTP {
		a.Via = tickets.ViaLMTP
	}
	if !scan.messageID {
		a.KeyFor = retryFor
	}
	if env.declared > 0 && env.declared > spool.Size() {
		a.Defects = append(a.Defects, fmt.Sprintf("SIZE= announced %d octets, %d came", env.declared, spool.Size()))
	}
	a.Key = wireKey(a, env)
	return a
}

// wireKey names one observation: who brought it where and with which login, for
// whom, and what. The same octets with a login are another observation, which may
// prove more.
func wireKey(a tickets.Arrival, env envelope) string {
	h := sha256.New()
	for _, part := range append([]string{a.Peer, a.Source, a.AuthAgent, env.from, a.SHA256}, env.to...) {
		io.WriteString(h, strconv.Itoa(len(part))+":"+part+",")
	}
	return "smtp:" + hex.EncodeToString(h.Sum(nil))
}
