package mailin

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeMail is a message in a fakeIMAP.
type fakeMail struct {
	uid     uint32
	text    string
	at      time.Time
	size    int64 // what RFC822.SIZE says; 0 is the truth
	deleted bool
}

// fakeIMAP is an IMAP server with one mailbox that misbehaves by script. It keeps
// the order of the commands in the desk's journal.
type fakeIMAP struct {
	t testing.TB
	d *fakeDesk

	hooks    sync.Mutex // held while a hook runs
	mu       sync.Mutex
	caps     string
	greeting string
	validity uint32
	next     uint32
	mails    []*fakeMail
	done     []string // texts in the done folder
	password string
	conns    int
	logins   int

	// hook sees every command first; true means that it has been dealt with.
	hook func(c *fakeConn, cmd string) bool
	// cut closes the n-th connection (from 1) after so many octets of the server.
	cut map[int]int
	// startTLS upgrades; nil has none. implicit begins with it.
	startTLS *tls.Config
	implicit bool
	buffered bool // with room for what is written
	// onConn sees each connection before its greeting; true means that it is dealt with.
	onConn func(c net.Conn) bool
}

func newFakeIMAP(t testing.TB, d *fakeDesk) *fakeIMAP {
	return &fakeIMAP{t: t, d: d, caps: "IMAP4rev1 IDLE UIDPLUS MOVE", validity: 7, next: 1, password: "secret",
		greeting: "* OK ready\r\n", cut: map[int]int{}}
}

// add puts a message into the mailbox.
func (f *fakeIMAP) add(text string) *fakeMail {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := &fakeMail{uid: f.next, text: text, at: f.d.Now()}
	f.next++
	f.mails = append(f.mails, m)
	return m
}

// remake gives the mailbox a new UIDVALIDITY and its messages new UIDs.
func (f *fakeIMAP) remake() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.validity++
	f.next = 1
	for _, m := range f.mails {
		m.uid = f.next
		f.next++
	}
}

func (f *fakeIMAP) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// dial opens a connection to the server.
func (f *fakeIMAP) dial(context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	f.mu.Lock()
	f.conns++
	n, cut := f.conns, -1
	if c, ok := f.cut[n]; ok {
		cut = c
	}
	f.mu.Unlock()
	c := &fakeConn{f: f, Conn: &cutConn{Conn: theirs, left: cut}, n: n}
	if f.buffered { // TLS writes while its peer writes
		q := &queueConn{Conn: theirs, more: make(chan []byte, 100)}
		go q.drain()
		c.Conn = q
	}
	go c.serve()
	return from{ours, "192.0.2.1:143"}, nil
}

// queueConn has room for what is written, like a socket.
type queueConn struct {
	net.Conn
	more chan []byte
	once sync.Once
}

func (q *queueConn) Write(p []byte) (int, error) {
	q.more <- slices.Clone(p)
	return len(p), nil
}

func (q *queueConn) Close() error {
	q.once.Do(func() { close(q.more) })
	return nil
}

func (q *queueConn) drain() {
	for p := range q.more {
		if _, err := q.Conn.Write(p); err != nil {
			break
		}
	}
	q.Conn.Close()
	for range q.more {
	}
}

// cutConn hangs up after so many octets written; never when negative.
type cutConn struct {
	net.Conn
	left int
}

func (c *cutConn) Write(p []byte) (int, error) {
	if c.left < 0 {
		return c.Conn.Write(p)
	}
	n, err := c.Conn.Write(p[:min(len(p), c.left)])
	if c.left -= n; err == nil && n < len(p) || c.left == 0 {
		c.Conn.Close()
		return n, io.ErrClosedPipe
	}
	return n, err
}

// fakeConn is one connection to it.
type fakeConn struct {
	net.Conn
	f   *fakeIMAP
	n   int
	r   *bufio.Reader
	tag string
	ro  bool
}

func (c *fakeConn) serve() {
	defer c.Conn.Close()
	if c.hooked(func() bool { return c.f.onConn != nil && c.f.onConn(c.Conn) }) {
		return
	}
	if c.f.implicit {
		c.Conn = tls.Server(c.Conn, c.f.startTLS)
	}
	c.r = bufio.NewReader(c.Conn)
	c.f.mu.Lock()
	greeting := c.f.greeting
	c.f.mu.Unlock()
	c.write(greeting)
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return
		}
		tag, cmd, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		c.tag = tag
		if word := strings.Fields(cmd); len(word) > 0 && word[0] != "LOGIN" {
			c.f.d.note(cmd)
		}
		if c.hooked(func() bool { return c.f.hook != nil && c.f.hook(c, cmd) }) {
			continue
		}
		if !c.command(cmd) {
			return
		}
	}
}

// hooked runs a hook; they share what the test declared, so one runs at a time.
func (c *fakeConn) hooked(hook func() bool) bool {
	c.f.hooks.Lock()
	defer c.f.hooks.Unlock()
	return hook()
}

func (d *fakeDesk) note(cmd string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.journal = append(d.journal, cmd)
}

func (c *fakeConn) write(format string, v ...any) {
	if len(v) > 0 {
		format = fmt.Sprintf(format, v...)
	}
	io.WriteString(c.Conn, format)
}

func (c *fakeConn) ok(text string) bool { c.write(c.tag + " OK " + text + "\r\n"); return true }
func (c *fakeConn) no(text string) bool { c.write(c.tag + " NO " + text + "\r\n"); return true }

func (c *fakeConn) command(cmd string) bool {
	f := c.f
	word := strings.ToUpper(cmd)
	switch {
	case word == "CAPABILITY":
		f.mu.Lock()
		caps := f.caps
		f.mu.Unlock()
		c.write("* CAPABILITY %s\r\n", caps)
	case word == "NOOP":
	case word == "STARTTLS" && f.startTLS != nil:
		c.ok("go")
		c.Conn = tls.Server(c.Conn, f.startTLS)
		c.r = bufio.NewReader(c.Conn)
		return true
	case strings.HasPrefix(word, "LOGIN "):
		f.mu.Lock()
		f.logins++
		good := strings.HasSuffix(cmd, `"`+f.password+`"`)
		f.mu.Unlock()
		if !good {
			return c.no("[AUTHENTICATIONFAILED] not so: " + cmd)
		}
	case strings.HasPrefix(word, "SELECT "), strings.HasPrefix(word, "EXAMINE "):
		f.mu.Lock()
		c.ro = strings.HasPrefix(word, "EXAMINE")
		c.write("* %d EXISTS\r\n* OK [UIDVALIDITY %d] x\r\n* OK [UIDNEXT %d] x\r\n", len(f.mails), f.validity, f.next)
		f.mu.Unlock()
	case strings.HasPrefix(word, "UID SEARCH UID "):
		c.search(word[len("UID SEARCH UID "):])
	case strings.HasPrefix(word, "UID FETCH "):
		c.fetch(word[len("UID FETCH "):])
	case strings.HasPrefix(word, "UID "):
		return c.change(word, cmd)
	case strings.HasPrefix(word, "CREATE "):
	case word == "IDLE":
		return c.idle()
	default:
		c.write(c.tag + " BAD what\r\n")
		return true
	}
	return c.ok("done")
}

// search answers n:* as servers do: with the last message at least.
func (c *fakeConn) search(set string) {
	f := c.f
	f.mu.Lock()
	defer f.mu.Unlock()
	set, since, _ := strings.Cut(set, " SINCE ")
	from, _ := time.Parse(`"2-Jan-2006"`, since)
	a, b, ranged := strings.Cut(set, ":")
	lo, _ := strconv.ParseUint(a, 10, 32)
	hi := lo
	if ranged {
		hi, _ = strconv.ParseUint(b, 10, 32)
	}
	var line strings.Builder
	for i, m := range f.mails {
		open := ranged && b == "*" && (uint64(m.uid) >= lo || i == len(f.mails)-1)
		if m.at.Before(from) {
			continue
		}
		if open || uint64(m.uid) >= lo && uint64(m.uid) <= hi {
			fmt.Fprintf(&line, " %d", m.uid)
		}
	}
	c.write("* SEARCH%s\r\n", line.String())
}

// mail finds a message and its sequence number.
func (f *fakeIMAP) mail(uid uint32) (int, *fakeMail) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, m := range f.mails {
		if m.uid == uid {
			return i + 1, m
		}
	}
	return 0, nil
}

var partial = regexp.MustCompile(`BODY\.PEEK\[\](?:<0\.(\d+)>)?`)

func (c *fakeConn) fetch(arg string) {
	word, items, _ := strings.Cut(arg, " ")
	uid, _ := strconv.ParseUint(word, 10, 32)
	seq, m := c.f.mail(uint32(uid))
	if m == nil {
		return
	}
	if strings.Contains(items, "INTERNALDATE") {
		size := m.size
		if size == 0 {
			size = int64(len(m.text))
		}
		c.write("* %d FETCH (UID %d RFC822.SIZE %d INTERNALDATE %q)\r\n", seq, uid, size, m.at.Format("02-Jan-2006 15:04:05 -0700"))
		return
	}
	text, name := m.text, "BODY[]"
	if p := partial.FindStringSubmatch(items); p != nil && p[1] != "" {
		n, _ := strconv.Atoi(p[1])
		text, name = text[:min(n, len(text))], "BODY[]<0>"
	}
	c.write("* %d FETCH (UID %d %s {%d}\r\n", seq, uid, name, len(text))
	io.WriteString(c.Conn, text)
	c.write(")\r\n")
}

// change moves, copies, marks and expunges.
func (c *fakeConn) change(word, cmd string) bool {
	f := c.f
	part := strings.Fields(word)
	uid, _ := strconv.ParseUint(part[2], 10, 32)
	seq, m := f.mail(uint32(uid))
	switch {
	case c.ro:
		return c.no("read-only")
	case m == nil:
		return c.ok("nothing to do")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch part[1] {
	case "MOVE":
		f.done = append(f.done, m.text)
		f.remove(m)
		c.write("* OK [COPYUID 9 %d %d] moved\r\n* %d EXPUNGE\r\n", uid, len(f.done), seq)
	case "COPY":
		f.done = append(f.done, m.text)
	case "STORE":
		m.deleted = true
	case "EXPUNGE":
		if m.deleted {
			f.remove(m)
			c.write("* %d EXPUNGE\r\n", seq)
		}
	default:
		return c.no("what: " + cmd)
	}
	return c.ok("done")
}

func (f *fakeIMAP) remove(m *fakeMail) {
	f.mails = slices.DeleteFunc(f.mails, func(x *fakeMail) bool { return x == m })
}

// idle says nothing until DONE: a poller must not rely on being told.
func (c *fakeConn) idle() bool {
	c.write("+ idling\r\n")
	line, err := c.r.ReadString('\n')
	if err != nil || strings.TrimSpace(line) != "DONE" {
		return false
	}
	return c.ok("idled")
}

// plain decodes the answer to AUTHENTICATE PLAIN.
func plain(line string) string {
	b, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
	return string(b)
}
