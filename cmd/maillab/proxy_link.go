package maillab

import (
	"bytes"
	"net"
	"sync"
	"time"
)

// A link is one connection through the proxy.
type link struct {
	proxy          *Proxy
	client, server net.Conn

	mu     sync.Mutex
	silent bool // blackholed: read on, pass nothing
}

// pump copies one direction until the end, asking the fault about every packet.
func (l *link) pump(dir Direction, from, to net.Conn) {
	var passed int64
	var last []byte // the end of what went before, for a pattern across packets
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		pass, how, cut := l.proxy.judge(dir, passed, last, buf[:n])
		if !l.isSilent() {
			l.write(dir, to, buf[:pass])
		}
		passed += int64(pass)
		last = append(last, buf[:n]...)
		last = last[max(0, len(last)-1024):]
		if cut {
			l.cut(how)
		}
		if err != nil {
			if t, ok := to.(*net.TCPConn); ok && !l.isSilent() {
				_ = t.CloseWrite() // pass the half-close on; the other way may go on
			}
			return
		}
	}
}

// judge says how many octets of data may pass and whether to cut after them.
func (p *Proxy) judge(dir Direction, passed int64, last, data []byte) (pass int, how Cut, cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.fault
	pass = len(data)
	if f.Dir != dir || len(data) == 0 || f.Times > 0 && p.cuts >= f.Times {
		return pass, f.Cut, false
	}
	if f.After > 0 && passed+int64(len(data)) >= f.After {
		pass, cut = int(max(0, f.After-passed)), true
	}
	if from, to := find(f.Pattern, last, data); to > 0 && from < pass {
		pass, cut = from, true
		if f.Pass {
			pass = to
		}
	}
	if cut {
		p.cuts++
	}
	return pass, f.Cut, cut
}

// find locates a pattern that ends in data and may have begun before it.
func find(pattern, last, data []byte) (from, to int) {
	if len(pattern) == 0 {
		return 0, 0
	}
	last = last[max(0, len(last)-len(pattern)+1):]
	at := bytes.Index(append(bytes.Clone(last), data...), pattern)
	if at < 0 {
		return 0, 0
	}
	return max(0, at-len(last)), at - len(last) + len(pattern)
}

// write passes data on, in small pieces when the direction is slowed.
func (l *link) write(dir Direction, to net.Conn, data []byte) {
	for len(data) > 0 {
		l.proxy.mu.Lock()
		rate := l.proxy.fault.Rate
		if l.proxy.fault.Dir != dir {
			rate = 0
		}
		l.proxy.mu.Unlock()
		n := len(data)
		if rate > 0 {
			n = min(n, max(1, rate/50))
			<-time.After(time.Duration(n) * time.Second / time.Duration(rate))
		}
		if _, err := to.Write(data[:n]); err != nil {
			return
		}
		data = data[n:]
	}
}

func (l *link) isSilent() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.silent
}

func (l *link) cut(how Cut) {
	switch how {
	case Blackhole:
		l.mu.Lock()
		l.silent = true
		l.mu.Unlock()
	case RST:
		reset(l.client)
		reset(l.server)
	default:
		l.client.Close()
		l.server.Close()
	}
}

// reset closes a connection with RST.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	c.Close()
}
