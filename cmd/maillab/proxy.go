package maillab

import (
	"net"
	"sync"
	"testing"
	"time"
)

// A Direction is a way through a Proxy.
type Direction int

// The two ways.
const (
	ToServer Direction = iota
	ToClient
)

// A Cut is how a Proxy ends what it passed on.
type Cut int

// The cuts. Both sides of a connection see the same.
const (
	Stay      Cut = iota // no cut; a Fault takes it for FIN
	FIN                  // an orderly close
	RST                  // a reset
	Blackhole            // the connection stays, nothing passes any more, either way
)

// A Fault is what a Proxy does to its connections. The zero value does nothing.
// When Pattern and After are both set, the earlier one cuts.
type Fault struct {
	Dir Direction
	// After cuts when so many octets of one connection have passed in Dir; 0: never.
	// 1 lets one octet pass.
	After int64
	// Pattern cuts when these octets come by in Dir. They do not reach the other
	// side unless Pass is set (octets that came in an earlier packet have).
	Pattern []byte
	Pass    bool
	Cut     Cut
	// Times is how many cuts there will be, over all connections; 0: no limit.
	Times int
	// Rate slows Dir to so many octets a second; 0: full speed.
	Rate int
}

// A Proxy stands between a client and a TCP server and breaks their connections
// as told. Its methods may be called from any goroutine.
type Proxy struct {
	// Addr is host:port to connect to instead of the server.
	Addr string

	target string
	listen net.Listener

	mu      sync.Mutex
	fault   Fault
	refuse  bool
	cuts    int
	conns   map[*link]bool
	started sync.WaitGroup
}

// StartProxy starts a proxy in front of a server at host:port; the end of the test
// stops it.
func StartProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("starting a proxy: %v", err)
	}
	p := &Proxy{Addr: l.Addr().String(), target: target, listen: l, conns: map[*link]bool{}}
	p.started.Go(p.accept)
	t.Cleanup(func() {
		p.Refuse(true)
		l.Close()
		p.CutAll(RST)
		p.started.Wait()
	})
	return p
}

// Set puts a fault in force, for connections that are open too; octets are counted
// for each connection from its start. Set(Fault{}) heals all but what was cut.
func (p *Proxy) Set(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.cuts = f, 0
}

// Cuts tells how many cuts the fault in force has made.
func (p *Proxy) Cuts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}

// Refuse makes the proxy reset new connections at once (true) or take them again.
func (p *Proxy) Refuse(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = on
}

// CutAll cuts every connection that is open now.
func (p *Proxy) CutAll(how Cut) {
	p.mu.Lock()
	open := make([]*link, 0, len(p.conns))
	for l := range p.conns {
		open = append(open, l)
	}
	p.mu.Unlock()
	for _, l := range open {
		l.cut(how)
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listen.Accept()
		if err != nil {
			return
		}
		p.started.Go(func() { p.serve(client) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	server, err := net.DialTimeout("tcp", p.target, 5*time.Second)
	if err != nil {
		reset(client)
		return
	}
	l := &link{proxy: p, client: client, server: server}
	p.mu.Lock()
	refuse := p.refuse
	if !refuse {
		p.conns[l] = true
	}
	p.mu.Unlock()
	if refuse {
		l.cut(RST)
		return
	}
	var both sync.WaitGroup
	both.Go(func() { l.pump(ToServer, client, server) })
	both.Go(func() { l.pump(ToClient, server, client) })
	both.Wait()
	client.Close()
	server.Close()
	p.mu.Lock()
	delete(p.conns, l)
	p.mu.Unlock()
}
