package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
)

// readyIn bounds all checks of one /readyz together.
const readyIn = 5 * time.Second

// health is one thing that must be well for the helpdesk to be ready.
type health struct {
	Name  string // "database", "mailbox support": never an address
	Check func(context.Context) error
}

// pages serves what a monitor asks for: /metrics (Prometheus), /healthz (the
// process lives) and /readyz (what it needs is well, or the names of what is not).
// It shows no address and no word of any mail.
func pages(reg *prometheus.Registry, checks func() []health) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyIn)
		defer cancel()
		ready(w, probe(ctx, checks()))
	})
	return mux
}

// finding is the state of one thing in the answer of /readyz.
type finding struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Why  string `json:"why,omitempty"`
}

// probe asks everything at once, and keeps the order of the list. A check that does not
// come back in time is not well.
func probe(ctx context.Context, checks []health) []finding {
	out := make([]finding, len(checks))
	var g errgroup.Group
	for i, h := range checks {
		g.Go(func() error {
			out[i] = finding{Name: h.Name, OK: true}
			if err := within(ctx, h.Check); err != nil {
				out[i] = finding{Name: h.Name, Why: logText(err.Error())}
			}
			return nil
		})
	}
	g.Wait()
	return out
}

// within runs a check and does not wait for it longer than ctx lasts.
func within(ctx context.Context, check func(context.Context) error) error {
	done := make(chan error, 1)
	go func() { done <- check(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("no answer: %w", ctx.Err())
	}
}

// ready answers 200 when everything is well and 503 when something is not; the
// body lists all of it.
func ready(w http.ResponseWriter, found []finding) {
	code := http.StatusOK
	for _, f := range found {
		if !f.OK {
			code = http.StatusServiceUnavailable
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.Encode(struct {
		Ready  bool      `json:"ready"`
		Checks []finding `json:"checks"`
	}{code == http.StatusOK, list(found)})
}
