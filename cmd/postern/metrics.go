package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"postern/mailin"
	"postern/mailout"
	"postern/tickets"
)

// metrics counts what a monitor wants to know. No label ever holds a word of a
// mail or an address.
type metrics struct {
	reg     *prometheus.Registry
	counted *prometheus.CounterVec
}

func newMetrics(g *gateway) *metrics {
	m := &metrics{reg: prometheus.NewRegistry()}
	m.counted = prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "postern", Name: "edge_events_total",
		Help: "What happened at listeners and mailboxes, by kind."}, []string{"event"})
	m.reg.MustRegister(m.counted, &totals{g}, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// count counts one event of an edge.
func (m *metrics) count(what mailin.Metric) { m.counted.WithLabelValues(string(what)).Inc() }

// totals reads the state of inbox, outbox, mailboxes and rules when asked.
type totals struct{ g *gateway }

var (
	arrivalsDesc = prometheus.NewDesc("postern_arrivals", "Arrivals by state.", []string{"state"}, nil)
	outboxDesc   = prometheus.NewDesc("postern_outbox", "Outgoing messages by state.", []string{"state"}, nil)
	waitingDesc  = prometheus.NewDesc("postern_outbox_oldest_seconds",
		"Age of the oldest message that waits to be sent; 0 when none does.", nil, nil)
	databaseDesc = prometheus.NewDesc("postern_database_up", "1 when the database answers.", nil, nil)
	brokenDesc   = prometheus.NewDesc("postern_rules_broken",
		"1 while the rules folder has mistakes and the last good rules are in force.", nil, nil)
	pollDesc = prometheus.NewDesc("postern_mailbox_poll_age_seconds",
		"Time since this process read the mailbox, or since it began to try.", []string{"mailbox"}, nil)
	leasedDesc = prometheus.NewDesc("postern_mailbox_leased",
		"1 when this process is the one that reads the mailbox.", []string{"mailbox"}, nil)
)

// Describe implements prometheus.Collector.
func (t *totals) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{arrivalsDesc, outboxDesc, waitingDesc, databaseDesc, brokenDesc, pollDesc, leasedDesc} {
		c <- d
	}
}

// Collect implements prometheus.Collector.
func (t *totals) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readyIn)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(brokenDesc, truth(t.g.brokenRules() != nil))
	t.mailboxes(gauge)
	all, err := t.g.db.Totals(ctx)
	gauge(databaseDesc, truth(err == nil))
	if err != nil {
		return
	}
	age := 0.0
	if !all.WaitingSince.IsZero() {
		age = max(0, t.g.w.now().Sub(all.WaitingSince).Seconds())
	}
	gauge(waitingDesc, age)
	for state, n := range all.States {
		gauge(arrivalsDesc, float64(n), string(state))
	}
	for state, n := range all.Outbox {
		gauge(outboxDesc, float64(n), string(state))
	}
}

// mailboxes tells how long ago each was read, by the name the configuration gives it.
func (t *totals) mailboxes(gauge func(*prometheus.Desc, float64, ...string)) {
	t.g.edges.each(func(name string, r *running) {
		if r.poll == nil {
			return
		}
		s, last := r.poll(), r.since
		if !s.LastPoll.IsZero() {
			last = s.LastPoll
		}
		name = strings.TrimPrefix(name, "mailbox ")
		gauge(pollDesc, max(0, t.g.w.now().Sub(last).Seconds()), name)
		gauge(leasedDesc, truth(s.Leased), name)
	})
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// checks is everything that has to be well, for /readyz.
func (g *gateway) checks() []health {
	out := []health{
		{"database", g.databaseWell},
		{"free space", func(context.Context) error { return g.enoughSpace() }},
		{"rules", func(context.Context) error { return g.brokenRules() }},
	}
	return append(out, g.edges.checks()...)
}

// databaseWell asks the database, and whether a SQLite file is still the one that is
// open: SQLite itself would go on writing into a file that has lost its name.
func (g *gateway) databaseWell(ctx context.Context) error {
	if g.file != nil {
		path, _ := g.cfg.Load().databaseFile()
		if now, err := os.Stat(path); err != nil || !os.SameFile(g.file, now) {
			return fmt.Errorf("%s was removed or replaced while it is open; restart postern", path)
		}
	}
	return g.db.Ping(ctx)
}

// enoughSpace: below 1.5 times the largest message nothing is taken any more.
func (g *gateway) enoughSpace() error {
	free, err := mailin.FreeSpace(g.room)
	if err != nil {
		return err
	}
	if need := uint64(g.settings.Load().Limits.MessageSize) * 3 / 2; free < need {
		return fmt.Errorf("%d MiB free, %d MiB needed", free>>20, need>>20)
	}
	return nil
}

// openPages opens the server of /metrics, /healthz and /readyz.
func (g *gateway) openPages(address string) (opened, error) {
	if strings.HasPrefix(address, ":") {
		address = "127.0.0.1" + address // a port alone is for this machine
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return opened{}, fmt.Errorf("http: %w", err)
	}
	srv := &http.Server{Handler: pages(g.metrics.reg, g.checks), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	return opened{abandon: func() { l.Close() }, serve: func() *running {
		go func() { defer close(ended); srv.Serve(l) }()
		g.log.Info("pages", "address", l.Addr().String())
		return &running{stop: srv.Shutdown, ended: ended, status: func() error { return nil }}
	}}, nil
}

// doorFacts are what rules of phase smtp may see: the envelope, the peer, the
// header and the size.
func doorFacts(d mailin.Dialogue, now time.Time) tickets.Facts {
	m := mailin.Parse(context.Background(), strings.NewReader(string(d.Header)), mailin.Envelope{From: &d.From, To: d.To})
	f := tickets.Facts{Phase: tickets.PhaseSMTP, At: now.UTC(), Peer: d.Peer}
	f.Message = tickets.MessageFactsOf(tickets.Arrival{From: &d.From, To: d.To, Size: d.Size}, m)
	f.Message.Text, f.Message.Reply = "", ""
	return f
}

// logLevel reads a level of the configuration; info when it is empty.
func logLevel(s string) slog.Level {
	var l slog.Level
	l.UnmarshalText([]byte(s))
	return l
}

// templateNames are all the names that rules may use.
func templateNames(c Config) []string {
	names := mailout.Roles()
	composer, err := composerFor(c)
	if err != nil {
		return names
	}
	for _, t := range composer.Templates {
		names = append(names, t.Names()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// tlsRoots verifies servers against the world's roots; nil for the system's.
func tlsRoots(w *world) *tls.Config {
	if w.roots == nil {
		return nil
	}
	return &tls.Config{RootCAs: w.roots}
}
