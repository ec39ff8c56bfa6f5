package rules

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"postern/rules/strictyaml"
)

// Reloader keeps the Set of a folder up to date. A folder with mistakes never
// replaces a good Set, and whoever asks for the Set gets one that stays whole. All
// fields are set before the first call and not changed afterwards.
type Reloader struct {
	Dir     string
	Options func() Options // the names known now; asked at each load
	// Last are the files of the last good set, kept elsewhere; they are used when
	// the folder is broken at the start. May be nil.
	Last []File
	// Loaded is told of each new set, Broken once of each state of the folder that
	// has mistakes. Both may be nil; they are called one at a time.
	Loaded func(*Set)
	Broken func(strictyaml.Problems)

	set   atomic.Pointer[Set]
	wrong atomic.Pointer[strictyaml.Problems] // of the last load
	mu    sync.Mutex
	seen  string // fingerprint at the last look
	tried string // fingerprint of the last load
	told  string // problems told last
}

// Set is the set in force; nil before Start.
func (r *Reloader) Set() *Set { return r.set.Load() }

// Problems are the mistakes the folder had when it was loaded last; none when the set
// in force is the folder's.
func (r *Reloader) Problems() strictyaml.Problems {
	if p := r.wrong.Load(); p != nil {
		return *p
	}
	return nil
}

// Start loads the folder, or when it is broken the last good files. The error is
// that of the folder when there is neither.
func (r *Reloader) Start() error {
	problems := r.Reload()
	if r.Set() != nil {
		return nil
	}
	if len(r.Last) > 0 {
		if s, p := Compile(r.Last, r.Options()); len(p) == 0 {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.swap(s)
			return nil
		}
	}
	return problems.Err()
}

// Run looks at the folder at each tick until the context ends. A folder that just
// changed is left to settle until the next tick, so that a file half written is
// hardly ever read.
func (r *Reloader) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			r.look()
		}
	}
}

// look loads the folder when it has changed and is the same as at the last look.
func (r *Reloader) look() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := fingerprint(r.Dir)
	settled := now == r.seen
	if r.seen = now; settled && now != r.tried {
		r.load(now)
	}
}

// Reload loads the folder now, on demand, and returns its mistakes; nil when the
// set in force is that of the folder.
func (r *Reloader) Reload() strictyaml.Problems {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = fingerprint(r.Dir)
	return r.load(r.seen)
}

func (r *Reloader) load(now string) strictyaml.Problems {
	r.tried = now
	s, problems := Load(r.Dir, r.Options())
	r.wrong.Store(&problems)
	if len(problems) > 0 {
		if text := problems.Error(); text != r.told && r.Broken != nil {
			r.told = text
			r.Broken(problems)
		}
		return problems
	}
	r.told = ""
	r.swap(s)
	return nil
}

// swap puts a set in force. An equal version is put in force too, because the
// names it was checked against may have changed, but nobody is told.
func (r *Reloader) swap(s *Set) {
	old := r.set.Swap(s)
	if r.Loaded != nil && (old == nil || old.Version() != s.Version()) {
		r.Loaded(s)
	}
}

// fingerprint changes when a rule file does: names, sizes, times, kinds.
func fingerprint(dir string) string {
	names, err := listNames(dir)
	if err != nil {
		return "unreadable: " + err.Error()
	}
	out := ""
	for _, n := range names {
		info, err := os.Stat(filepath.Join(dir, n))
		if err != nil {
			out += fmt.Sprintf("%s %v\n", n, err)
			continue
		}
		out += fmt.Sprintf("%s %d %d %v\n", n, info.Size(), info.ModTime().UnixNano(), info.Mode())
	}
	return out
}
