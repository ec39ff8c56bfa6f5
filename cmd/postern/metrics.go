package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
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
	reg         *prometheus.Registry
	counted     *prometheus.CounterVec
	rulesBroken prometheus.Gauge
}

func newMetrics(g *gateway) *metrics {
	m := &metrics{reg: prometheus.NewRegistry()}
	m.counted = prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "postern", Name: "edge_events_total",
		Help: "What happened at listeners and mailboxes, by kind."}, []string{"event"})
	m.rulesBroken = prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "postern", Name: "rules_broken",
		Help: "1 while the rules folder has mistakes and the last good rules are in force."})
	m.reg.MustRegister(m.counted, m.rulesBroken, &totals{g}, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// count counts one event of an edge.
func (m *metrics) count(what mailin.Metric) { m.counted.WithLabelValues(string(what)).Inc() }

// totals reads the state of inbox and outbox from the database when asked.
type totals struct{ g *gateway }

var (
	arrivalsDesc = prometheus.NewDesc("postern_arrivals", "Arrivals by state.", []string{"state"}, nil)
	outboxDesc   = prometheus.NewDesc("postern_outbox", "Outgoing messages by state.", []string{"state"}, nil)
	databaseDesc = prometheus.NewDesc("postern_database_up", "1 when the database answers.", nil, nil)
)

// Describe implements prometheus.Collector.
func (t *totals) Describe(c chan<- *prometheus.Desc) {
	c <- arrivalsDesc
	c <- outboxDesc
	c <- databaseDesc
}

// Collect implements prometheus.Collector.
func (t *totals) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readyIn)
	defer cancel()
	all, err := t.g.db.Totals(ctx)
	up := 1.0
	if err != nil {
		up = 0
	}
	c <- prometheus.MustNewConstMetric(databaseDesc, prometheus.GaugeValue, up)
	for state, n := range all.States {
		c <- prometheus.MustNewConstMetric(arrivalsDesc, prometheus.GaugeValue, float64(n), string(state))
	}
	for state, n := range all.Outbox {
		c <- prometheus.MustNewConstMetric(outboxDesc, prometheus.GaugeValue, float64(n), string(state))
	}
}

// checks is everything that has to be well, for /readyz.
func (g *gateway) checks() []health {
	out := []health{
		{"database", g.db.Ping},
		{"free space", func(context.Context) error { return g.enoughSpace() }},
		{"rules", func(context.Context) error {
			if g.broken.Load() {
				return errors.New("the rules folder has mistakes; the last good rules are in force")
			}
			return nil
		}},
	}
	return append(out, g.edges.checks()...)
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

// httpPages is the server of /metrics, /healthz and /readyz.
type httpPages struct{ srv *http.Server }

func (g *gateway) openPages(address string) (*httpPages, error) {
	if address == "" {
		return nil, nil
	}
	if strings.HasPrefix(address, ":") {
		address = "127.0.0.1" + address // a port alone is for this machine
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	p := &httpPages{&http.Server{Handler: pages(g.metrics.reg, g.checks), ReadHeaderTimeout: 10 * time.Second}}
	go p.srv.Serve(l)
	g.log.Info("pages", "address", l.Addr().String())
	return p, nil
}

func (p *httpPages) close(ctx context.Context) {
	if p != nil {
		p.srv.Shutdown(ctx)
	}
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
