package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// progress shows how far a long job is, on one line of a terminal. It keeps
// quiet for the first second, and altogether when there is no terminal.
type progress struct {
	out   io.Writer // nil when nothing is to be shown
	now   func() time.Time
	what  string
	total int // 0 when unknown
	done  int
	start time.Time
	shown time.Time
}

const (
	progressAfter = time.Second
	progressEvery = 100 * time.Millisecond
	progressWidth = 30
)

// progress starts the line for a job of total steps.
func (w *world) progress(what string, total int) *progress {
	p := &progress{now: w.now, what: what, total: total, start: w.now()}
	if w.terminal {
		p.out = w.errs
	}
	return p
}

// step counts one more and redraws the line when it is time.
func (p *progress) step() {
	p.done++
	now := p.now()
	if p.out == nil || now.Sub(p.start) < progressAfter || now.Sub(p.shown) < progressEvery {
		return
	}
	p.shown = now
	fmt.Fprintf(p.out, "\r\x1b[K%s", p.line(now))
}

// during shows that a job of one step is under way, when it takes more than a second.
func (w *world) during(what string, job func() error) error {
	if !w.terminal {
		return job()
	}
	done := make(chan error, 1)
	go func() { done <- job() }()
	ticker := time.NewTicker(progressAfter)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case err := <-done:
			if n > 0 {
				fmt.Fprint(w.errs, "\r\x1b[K")
			}
			return err
		case <-ticker.C:
			fmt.Fprintf(w.errs, "\r\x1b[K%s, %d s", what, n+1)
		}
	}
}

// line is what stands there: a bar when the end is known, else a count.
func (p *progress) line(now time.Time) string {
	rate := float64(p.done) / now.Sub(p.start).Seconds()
	if p.total == 0 {
		return fmt.Sprintf("%s %d (%.0f/s)", p.what, p.done, rate)
	}
	full := min(progressWidth, progressWidth*p.done/p.total)
	bar := strings.Repeat("█", full) + strings.Repeat("░", progressWidth-full)
	return fmt.Sprintf("%s %s %d/%d (%.0f/s)", p.what, bar, p.done, p.total, rate)
}

// end clears the line.
func (p *progress) end() {
	if p.out != nil && !p.shown.IsZero() {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
