package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"

	"postern/mailin"
	"postern/tickets"
)

// edges are the listeners, mailboxes and pages of a gateway. Those whose configuration
// did not change run on through a reload.
type edges struct {
	g       *gateway
	mu      sync.Mutex
	running map[string]*running
	leaving sync.WaitGroup // dropped listeners whose last messages are coming in
}

// running is one edge at work.
type running struct {
	print  string // its configuration, to see whether it changed
	where  string // what it occupies: an address to listen on
	stop   func(context.Context) error
	status func() error             // why it is not well
	ended  <-chan struct{}          // closed when its address is free; nil when it has none
	poll   func() mailin.PollStatus // of a mailbox
	since  time.Time                // when it began
}

// planned is an edge that should run. open makes what can fail and takes what it
// occupies; then either serve or abandon is called.
type planned struct {
	name, print, where string
	open               func() (opened, error)
}

type opened struct {
	serve   func() *running
	abandon func()
}

// change is what has to be done to become what a configuration says.
type change struct {
	keep     map[string]bool
	fresh    []planned // their addresses are free, or they have none
	replaced []planned // their addresses are held by an edge that goes
}

// become starts what the configuration names and is not running, and stops what it
// names no more. What is new is opened before anything is changed, so that a wrong
// one leaves all as it was; then install puts the rest in force, and only then anything
// new is served.
func (e *edges) become(cfg Config, install func()) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.changes(e.plan(cfg))
	ready, err := openAll(c.fresh)
	if err != nil {
		return err
	}
	install()
	free := e.drop(c.keep)
	for i, p := range c.fresh {
		e.serve(p, ready[i])
	}
	for _, p := range c.replaced {
		if done := free[p.where]; done != nil {
			<-done
		}
		o, err := p.open()
		if err != nil { // nobody else should have been there
			o = absent(err)
			e.g.log.Error("an edge did not come back", "edge", p.name, "err", err)
		}
		e.serve(p, o)
	}
	return nil
}

func (e *edges) serve(p planned, o opened) {
	r := o.serve()
	r.print, r.where, r.since = p.print, p.where, e.g.w.now()
	e.running[p.name] = r
}

// absent is an edge that could not be opened; it tells why, and the next reload tries again.
func absent(err error) opened {
	ended := make(chan struct{})
	close(ended)
	return opened{serve: func() *running {
		return &running{stop: func(context.Context) error { return nil }, status: func() error { return err }, ended: ended}
	}}
}

// dead tells that an edge has stopped by itself.
func (r *running) dead() bool {
	select {
	case <-r.ended:
		return true
	default: // also when it is nil: a mailbox
		return false
	}
}

func (e *edges) changes(want []planned) change {
	c := change{keep: map[string]bool{}}
	for _, p := range want {
		old := e.running[p.name]
		switch {
		case old != nil && old.print == p.print && !old.dead():
			c.keep[p.name] = true
		case e.occupied(p.where):
			c.replaced = append(c.replaced, p)
		default:
			c.fresh = append(c.fresh, p)
		}
	}
	return c
}

func (e *edges) occupied(where string) bool {
	for _, r := range e.running {
		if where != "" && r.where == where {
			return true
		}
	}
	return false
}

// openAll opens all of a list, or none of it.
func openAll(list []planned) ([]opened, error) {
	var out []opened
	for _, p := range list {
		o, err := p.open()
		if err != nil {
			for _, done := range out {
				done.abandon()
			}
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// drop stops what is not to be kept. Messages under way end in the background; free
// tells when an address can be taken again.
func (e *edges) drop(keep map[string]bool) (free map[string]<-chan struct{}) {
	free = map[string]<-chan struct{}{}
	for name, old := range e.running {
		if keep[name] {
			continue
		}
		delete(e.running, name)
		ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
		end := func() {
			defer cancel()
			if err := old.stop(ctx); err != nil {
				e.g.log.Warn("stopping an edge", "edge", name, "err", err)
			}
			e.g.log.Info("edge stopped", "edge", name)
		}
		if old.poll != nil { // its successor must not read beside it
			end()
			continue
		}
		free[old.where] = old.ended
		e.leaving.Go(end)
	}
	return free
}

// stop ends all of them at once, the pages last.
func (e *edges) stop(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	pages := e.running[pagesEdge]
	delete(e.running, pagesEdge)
	errs := make(chan error, len(e.running))
	for _, r := range e.running {
		go func() { errs <- r.stop(ctx) }()
	}
	var err error
	for range e.running {
		err = errors.Join(err, <-errs)
	}
	e.running = map[string]*running{}
	e.leaving.Wait()
	if pages != nil {
		err = errors.Join(err, pages.stop(ctx))
	}
	return err
}

// each calls f for every edge, in the order of their names.
func (e *edges) each(f func(name string, r *running)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(e.running)) {
		f(name, e.running[name])
	}
}

// checks are the health of every edge, by name.
func (e *edges) checks() (out []health) {
	e.each(func(name string, r *running) {
		if name != pagesEdge {
			out = append(out, health{name, func(context.Context) error { return r.status() }})
		}
	})
	return out
}

// pagesEdge is the name of the edge that monitors talk to.
const pagesEdge = "pages"

func (e *edges) plan(cfg Config) []planned {
	var out []planned
	limits := fmt.Sprint(cfg.Limits.Connections, cfg.Limits.ConnectionsPerNet, cfg.Limits.MessageSize, cfg.Limits.QuietAge)
	for _, l := range cfg.Listeners {
		b, _ := json.Marshal(l)
		out = append(out, planned{"listener " + l.Name, string(b) + limits, l.Address,
			func() (opened, error) { return e.g.listen(cfg, l) }})
	}
	for _, m := range cfg.Mailboxes {
		b, _ := json.Marshal(m)
		out = append(out, planned{"mailbox " + m.Name, string(b) + limits + m.Password.Reveal(), "",
			func() (opened, error) { return e.g.mailbox(cfg, m) }})
	}
	if cfg.HTTP != "" {
		out = append(out, planned{pagesEdge, cfg.HTTP, cfg.HTTP, func() (opened, error) { return e.g.openPages(cfg.HTTP) }})
	}
	return out
}

// listen opens one listener.
func (g *gateway) listen(cfg Config, l ListenerConfig) (opened, error) {
	lc := mailin.ListenerConfig{
		Name: l.Name, Network: "tcp", Addr: l.Address, LMTP: l.Protocol == "lmtp", Role: tickets.Role(l.Role),
		Hostname: or(l.Hostname, machineName()), MaxSize: cfg.Settings().Limits.MessageSize,
		MaxConns: cfg.Limits.Connections, MaxPerNet: cfg.Limits.ConnectionsPerNet,
		Queue: l.Queue, Trust: l.evidence(), Spool: g.spool, Accept: g.accept,
		Recipient: func(addr string) (bool, error) { return g.takes(addr, l) }, Envelope: g.atTheDoor,
		Free: func() (uint64, error) { return mailin.FreeSpace(g.room) }, Log: g.log,
		Now: g.w.now, Count: g.metrics.count, Limits: mailin.Limits{Grace: stopGrace},
	}
	if path, unix := isUnix(l.Address); unix {
		lc.Network, lc.Addr = "unix", path
	}
	well := func() error { return nil }
	if l.TLS != nil {
		cert, err := mailin.LoadCertificate(l.TLS.Cert, l.TLS.Key)
		if err != nil {
			return opened{}, fmt.Errorf("listener %s: %w", l.Name, err)
		}
		lc.TLS, well = cert.Config(), cert.Err
	}
	if l.Auth {
		lc.Auth = g.login
	}
	for _, net := range l.Trusted {
		p, err := netip.ParsePrefix(net)
		if err != nil {
			return opened{}, fmt.Errorf("listener %s: %w", l.Name, err)
		}
		lc.Trusted = append(lc.Trusted, p)
	}
	ear, err := mailin.NewListener(lc)
	if err != nil {
		return opened{}, err
	}
	return opened{
		serve:   func() *running { return g.serveListener(ear, l.Name, well) },
		abandon: func() { ear.Shutdown(context.Background()) },
	}, nil
}

func (g *gateway) serveListener(ear *mailin.Listener, name string, well func() error) *running {
	ended := make(chan struct{})
	var failed error // once ended
	go func() {
		defer close(ended)
		failed = ear.Serve(context.Background())
	}()
	g.log.Info("listening", "listener", name, "address", ear.Addr().String())
	return &running{
		stop: ear.Shutdown, ended: ended,
		status: func() error {
			select {
			case <-ended:
				return fmt.Errorf("not listening: %w", failed)
			default:
				return well()
			}
		},
	}
}

// takes answers at RCPT; a listener with a queue of its own takes what names none.
func (g *gateway) takes(addr string, l ListenerConfig) (bool, error) {
	known, err := g.recipient(addr)
	if known || l.Queue == "" || errors.Is(err, mailin.ErrForged) {
		return known, err // nothing but valid tokens lives on the reply domain
	}
	return err == nil || errors.Is(err, mailin.ErrForeign) && l.Role != string(tickets.RoleMX), nil
}

// login checks an agent's password: by his name or one of his addresses.
func (g *gateway) login(user, password string) (string, error) {
	for _, a := range g.cfg.Load().Agents {
		mine := strings.EqualFold(user, a.Name)
		for _, addr := range a.Addresses {
			mine = mine || strings.EqualFold(user, addr)
		}
		if mine && a.PasswordHash != "" && checkPassword(a.PasswordHash, password) {
			return a.Name, nil
		}
	}
	return "", mailin.ErrAuth
}

// atTheDoor asks the rules of phase smtp; only a reject of theirs refuses.
func (g *gateway) atTheDoor(d mailin.Dialogue) error {
	rules := g.rules.Load()
	if rules == nil {
		return nil // accept puts it off
	}
	f := doorFacts(d, g.w.now())
	for _, a := range (*rules).Decide(f).Actions {
		if a.Do == tickets.DoReject {
			g.log.Info("refused at the door", "rule", a.Cause.Rule, "at", a.Cause.At)
			return &mailin.Refusal{Code: 550, Status: [3]int{5, 7, 1}, Text: or(a.Value, "not accepted here")}
		}
	}
	return nil
}

// mailbox makes the poller of one mailbox.
func (g *gateway) mailbox(cfg Config, m MailboxConfig) (opened, error) {
	limits := cfg.Settings().Limits
	password := func() (string, error) { return passwordNow(m.PasswordFile, m.Password) }
	p, err := mailin.NewPoller(mailin.PollerConfig{
		Account: m.Name, Addr: m.Server, Mode: mailin.TLSMode(m.TLS), TLS: tlsRoots(g.w), Login: m.Login,
		Password: password, SASL: actingFor(m, password),
		Mailbox: m.Folder, Done: m.DoneFolder, Queue: m.Queue, Trust: m.evidence(),
		Interval: time.Duration(m.Interval), ImportAll: m.Import == "all", QuietAge: limits.QuietAge, MaxSize: limits.MessageSize,
		Spool: g.spool, Accept: g.accept, Store: g.db, Lease: g.leaseMailbox,
		Log: g.log, Now: g.w.now, Count: g.metrics.count,
	})
	if err != nil {
		return opened{}, fmt.Errorf("mailbox %s: %w", m.Name, err)
	}
	return opened{serve: func() *running { return g.poll(p, m) }, abandon: func() {}}, nil
}

// poll reads a mailbox until it is stopped.
func (g *gateway) poll(p *mailin.Poller, m MailboxConfig) *running {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := p.Run(ctx); err != nil && ctx.Err() == nil {
			g.log.Error("mailbox not read any more", "mailbox", m.Name, "err", err)
		}
	}()
	stop := func(late context.Context) error {
		cancel()
		select {
		case <-done:
			return g.db.Unlease(late, "imap/"+m.Name+"/"+m.Folder, g.courier.Owner)
		case <-late.Done():
			return late.Err()
		}
	}
	status := func() error { return mailboxHealth(p.Status(), g.w.now(), time.Duration(m.Interval)) }
	return &running{stop: stop, status: status, poll: p.Status}
}

// actingFor logs in as one user to read the mailbox of another (RFC 4616: the
// authorization identity); nil when the login is the mailbox's own.
func actingFor(m MailboxConfig, password func() (string, error)) func() (sasl.Client, error) {
	if m.Mailbox == "" || strings.EqualFold(m.Mailbox, m.Login) {
		return nil
	}
	return func() (sasl.Client, error) {
		words, err := password()
		return sasl.NewPlainClient(m.Mailbox, m.Login, words), err
	}
}

// leaseFor is how long a gateway keeps a mailbox without renewing, which it does every
// 15 s, as others ask: a dead one is replaced within a minute (INV-I6).
const leaseFor = 40 * time.Second

func (g *gateway) leaseMailbox(ctx context.Context, name string) (bool, error) {
	_, ok, err := g.db.Lease(ctx, name, g.courier.Owner, leaseFor)
	return ok, err
}

// mailboxHealth says why a mailbox is not well: it fails, or was not read for
// three intervals; another gateway's mailbox is his business.
func mailboxHealth(s mailin.PollStatus, now time.Time, interval time.Duration) error {
	switch {
	case s.LastErr != "" && now.Sub(s.FailedAt) > time.Minute:
		return fmt.Errorf("failing since %s: %s", s.FailedAt.UTC().Format(time.RFC3339), s.LastErr)
	case s.LastPoll.IsZero() && s.Leased && s.LastErr != "":
		return errors.New(s.LastErr)
	case !s.LastPoll.IsZero() && s.Leased && now.Sub(s.LastPoll) > 3*max(interval, 10*time.Minute):
		return fmt.Errorf("last read %s", s.LastPoll.UTC().Format(time.RFC3339))
	}
	return nil
}
