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

// edges are the listeners and mailboxes of a gateway. Those whose configuration
// did not change run on through a reload.
type edges struct {
	g       *gateway
	mu      sync.Mutex
	running map[string]*running
}

// running is one listener or poller at work.
type running struct {
	print  string // its configuration, to see whether it changed
	where  string // what it occupies: an address to listen on
	stop   func(context.Context) error
	status func() error // why it is not well
}

// planned is one that should run.
type plannedEdge struct {
	name, print, where string
	start              func(context.Context) (*running, error)
}

// become starts what the configuration names and is not running, and stops what
// it names no more. Addresses that are new are opened before anything is stopped,
// so that a wrong one leaves all as it was.
func (e *edges) become(ctx context.Context, cfg Config) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	want := e.plan(cfg)
	keep := map[string]bool{}
	var fresh, replaced []plannedEdge
	for _, p := range want {
		old := e.running[p.name]
		switch {
		case old != nil && old.print == p.print:
			keep[p.name] = true
		case e.occupied(p.where):
			replaced = append(replaced, p)
		default:
			fresh = append(fresh, p)
		}
	}
	started, err := start(ctx, fresh)
	if err != nil {
		return err
	}
	for name, old := range e.running {
		if !keep[name] {
			if err := old.stop(ctx); err != nil {
				e.g.log.Warn("stopping an edge", "edge", name, "err", err)
			}
			delete(e.running, name)
		}
	}
	again, err := start(ctx, replaced)
	for _, m := range []map[string]*running{started, again} {
		for name, r := range m {
			e.running[name] = r
		}
	}
	return err
}

func (e *edges) occupied(where string) bool {
	for _, r := range e.running {
		if where != "" && r.where == where {
			return true
		}
	}
	return false
}

// start starts all of a list, or none of it.
func start(ctx context.Context, list []plannedEdge) (map[string]*running, error) {
	out := map[string]*running{}
	for _, p := range list {
		r, err := p.start(ctx)
		if err != nil {
			for _, done := range out {
				err = errors.Join(err, done.stop(ctx))
			}
			return nil, err
		}
		r.print, r.where = p.print, p.where
		out[p.name] = r
	}
	return out, nil
}

// stop ends all of them at once.
func (e *edges) stop(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	errs := make(chan error, len(e.running))
	for _, r := range e.running {
		go func() { errs <- r.stop(ctx) }()
	}
	var err error
	for range e.running {
		err = errors.Join(err, <-errs)
	}
	e.running = map[string]*running{}
	return err
}

// checks are the health of every edge, by name.
func (e *edges) checks() []health {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []health
	for _, name := range slices.Sorted(maps.Keys(e.running)) {
		r := e.running[name]
		out = append(out, health{name, func(context.Context) error { return r.status() }})
	}
	return out
}

func (e *edges) plan(cfg Config) []plannedEdge {
	var out []plannedEdge
	limits := fmt.Sprint(cfg.Limits.Connections, cfg.Limits.ConnectionsPerNet, cfg.Limits.MessageSize, cfg.Limits.QuietAge)
	for _, l := range cfg.Listeners {
		b, _ := json.Marshal(l)
		out = append(out, plannedEdge{"listener " + l.Name, string(b) + limits, l.Address,
			func(context.Context) (*running, error) { return e.g.listen(cfg, l) }})
	}
	for _, m := range cfg.Mailboxes {
		b, _ := json.Marshal(m)
		out = append(out, plannedEdge{"mailbox " + m.Name, string(b) + limits + m.Password.Reveal(), "",
			func(ctx context.Context) (*running, error) { return e.g.poll(ctx, cfg, m) }})
	}
	return out
}

// listen opens one listener and serves it.
func (g *gateway) listen(cfg Config, l ListenerConfig) (*running, error) {
	lc := mailin.ListenerConfig{
		Name: l.Name, Network: "tcp", Addr: l.Address, LMTP: l.Protocol == "lmtp", Role: tickets.Role(l.Role),
		Hostname: or(l.Hostname, machineName()), MaxSize: cfg.Settings().Limits.MessageSize,
		MaxConns: cfg.Limits.Connections, MaxPerNet: cfg.Limits.ConnectionsPerNet,
		Queue: l.Queue, Trust: l.Trust.trust(), Spool: g.spool, Accept: g.desk.Accept,
		Recipient: func(addr string) (bool, error) { return g.takes(addr, l) }, Envelope: g.atTheDoor,
		Free: func() (uint64, error) { return mailin.FreeSpace(g.room) }, Log: g.log.With("listener", l.Name),
		Now: g.w.now, Count: g.metrics.count,
	}
	if path, unix := isUnix(l.Address); unix {
		lc.Network, lc.Addr = "unix", path
	}
	if l.TLS != nil {
		cert, err := mailin.LoadCertificate(l.TLS.Cert, l.TLS.Key)
		if err != nil {
			return nil, fmt.Errorf("listener %s: %w", l.Name, err)
		}
		lc.TLS = cert.Config()
	}
	if l.Auth {
		lc.Auth = g.login
	}
	for _, net := range l.Trusted {
		p, err := netip.ParsePrefix(net)
		if err != nil {
			return nil, fmt.Errorf("listener %s: %w", l.Name, err)
		}
		lc.Trusted = append(lc.Trusted, p)
	}
	ear, err := mailin.NewListener(lc)
	if err != nil {
		return nil, err
	}
	return g.serveListener(ear, l.Name), nil
}

func (g *gateway) serveListener(ear *mailin.Listener, name string) *running {
	done := make(chan error, 1)
	go func() { done <- ear.Serve(context.Background()) }()
	g.log.Info("listening", "listener", name, "address", ear.Addr().String())
	return &running{
		stop: func(ctx context.Context) error {
			err := ear.Shutdown(ctx)
			select {
			case <-done:
			case <-ctx.Done():
			}
			return err
		},
		status: func() error {
			select {
			case err := <-done:
				done <- err
				return fmt.Errorf("not listening: %w", err)
			default:
				return nil
			}
		},
	}
}

// takes answers at RCPT; a listener with a queue of its own takes what names none.
func (g *gateway) takes(addr string, l ListenerConfig) (bool, error) {
	known, err := g.recipient(addr)
	if known || l.Queue == "" {
		return known, err
	}
	s := g.settings.Load()
	at := strings.LastIndexByte(addr, '@')
	if at >= 0 && s.ReplyDomain != "" && strings.EqualFold(addr[at+1:], s.ReplyDomain) {
		return false, nil // nothing but valid tokens lives there
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
	f := doorFacts(d, g.w.now())
	for _, a := range (*g.rules.Load()).Decide(f).Actions {
		if a.Do == tickets.DoReject {
			g.log.Info("refused at the door", "rule", a.Cause.Rule, "at", a.Cause.At)
			return &mailin.Refusal{Code: 550, Status: [3]int{5, 7, 1}, Text: or(a.Value, "not accepted here")}
		}
	}
	return nil
}

// poll starts reading one mailbox.
func (g *gateway) poll(_ context.Context, cfg Config, m MailboxConfig) (*running, error) {
	limits := cfg.Settings().Limits
	password := func() (string, error) { return passwordNow(m.PasswordFile, m.Password) }
	p, err := mailin.NewPoller(mailin.PollerConfig{
		Account: m.Name, Addr: m.Server, Mode: mailin.TLSMode(m.TLS), TLS: tlsRoots(g.w), Login: m.Login,
		Password: password, SASL: actingFor(m, password),
		Mailbox: m.Folder, Done: m.DoneFolder, Queue: m.Queue, Trust: m.Trust.trust(),
		Interval: time.Duration(m.Interval), ImportAll: m.Import == "all", QuietAge: limits.QuietAge, MaxSize: limits.MessageSize,
		Spool: g.spool, Accept: g.desk.Accept, Store: g.db, Lease: g.leaseMailbox,
		Log: g.log.With("mailbox", m.Name), Now: g.w.now, Count: g.metrics.count,
	})
	if err != nil {
		return nil, fmt.Errorf("mailbox %s: %w", m.Name, err)
	}
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
	return &running{stop: stop, status: func() error { return mailboxHealth(p.Status(), g.w.now(), time.Duration(m.Interval)) }}, nil
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

// leaseFor is how long a gateway keeps a mailbox without renewing: a dead one is
// replaced within a minute.
const leaseFor = 45 * time.Second

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
