package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/tickets"
)

func relayPassword(name string) string {
	return map[string]string{"POSTERN_RELAY_PASSWORD": "relay password"}[name]
}

// The page of `postern help config` is a configuration that loads.
func TestExampleLoads(t *testing.T) {
	dir := office(t)
	write(t, filepath.Join(dir, "postern.yaml"), exampleConfig)
	cfg, err := loadConfig(filepath.Join(dir, "postern.yaml"), relayPassword)
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.Mailboxes[0].Password.Reveal(); got != "imap password" {
		t.Errorf("password of the mailbox: %q", got)
	}
	if got := cfg.Relay.Password.Reveal(); got != "relay password" {
		t.Errorf("password of the relay: %q", got)
	}
	if got := cfg.Mailboxes[0].Server; got != "imap.example.org:993" {
		t.Errorf("server %q", got)
	}
	if got := cfg.Queues[0].Templates; got != filepath.Join(dir, "templates") {
		t.Errorf("templates %q", got)
	}
}

// Every key of the types stands in the example, and every line of it says what it is.
func TestExampleIsComplete(t *testing.T) {
	for _, key := range keysOf(reflect.TypeFor[Config]()) {
		if !regexp.MustCompile(`(?m)(^|[\s{,#-])` + key + `:`).MatchString(exampleConfig) {
			t.Errorf("the example does not show the key %q", key)
		}
	}
	inBlock := false
	for line := range strings.Lines(exampleConfig) {
		line = strings.TrimRight(line, "\n")
		comment := strings.HasPrefix(strings.TrimSpace(line), "#")
		top := line != "" && line[0] != ' '
		if top && !comment && !inBlock {
			t.Errorf("no comment above %q", line)
		}
		inBlock = comment || inBlock && line != ""
	}
}

// keysOf lists the yaml keys of a type and all types below it.
func keysOf(t reflect.Type) []string {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var keys []string
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name != "" && name != "-" {
			keys = append(keys, name)
			keys = append(keys, keysOf(t.Field(i).Type)...)
		}
	}
	return keys
}

// The bounds shown in the example are those that hold when none is given.
func TestExampleShowsDefaultLimits(t *testing.T) {
	dir := office(t)
	write(t, filepath.Join(dir, "postern.yaml"), exampleConfig)
	cfg, err := loadConfig(filepath.Join(dir, "postern.yaml"), relayPassword)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(tickets.DefaultLimits(), cfg.Settings().Limits); d != "" {
		t.Error(d)
	}
	if got := (LimitsConfig{}).limits(); !cmp.Equal(got, tickets.DefaultLimits()) {
		t.Errorf("limits of nothing: %+v", got)
	}
}

// Decisions see the configuration as values.
func TestSettings(t *testing.T) {
	dir := office(t)
	write(t, filepath.Join(dir, "postern.yaml"), exampleConfig)
	cfg, err := loadConfig(filepath.Join(dir, "postern.yaml"), relayPassword)
	if err != nil {
		t.Fatal(err)
	}
	s := cfg.Settings()
	q, ok := s.QueueOf("IT@example.org")
	if !ok || q.Name != "it" || q.Zone.String() != "Europe/Berlin" || q.ReopenWindow != 14*24*time.Hour || q.NoCC || q.Relay != "trial" {
		t.Errorf("queue %+v", q)
	}
	if a, ok := s.AgentOf("ann.smith@example.org"); !ok || a.Name != "ann" || a.Display != "Ann Smith" {
		t.Errorf("agent %+v", a)
	}
	if len(s.Admins) != 1 || s.Admins[0] != "root@example.org" {
		t.Errorf("admins %v", s.Admins)
	}
	if s.Domain != "reply.example.org" || s.ReplyDomain != "reply.example.org" || s.NoPlus || s.EnvelopeFrom != "signed" {
		t.Errorf("settings %+v", s)
	}
	want := tickets.Trust{ServIDs: []string{"mx.example.org"}, Mode: "boundary", Above: 1, Fields: 1, Marker: &tickets.Marker{Name: "X-Example-Login", Value: "%a"}}
	if d := cmp.Diff(want, cfg.Mailboxes[0].Trust.trust()); d != "" {
		t.Error(d)
	}
}

// Without a file everything is there to try things out, and is told.
func TestBuiltinIsSoundAndSaysSo(t *testing.T) {
	t.Chdir(t.TempDir())
	w := &world{env: func(string) string { return "" }}
	cfg, err := w.load()
	if err != nil {
		t.Fatal(err)
	}
	s := cfg.Settings()
	if q, ok := s.QueueOf("help@localhost"); !ok || !q.Works("agent") {
		t.Error("nobody works help@localhost")
	}
	if s.Domain != "localhost" || s.Limits.Attempts != 5 {
		t.Errorf("settings %+v", s)
	}
	for _, word := range []string{"help@localhost", "agent@localhost", "127.0.0.1:2525", "postern-data/outgoing", "SQLite"} {
		if !strings.Contains(cfg.banner(), word) {
			t.Errorf("the banner does not mention %s", word)
		}
	}
	write(t, "postern.yaml", "instance: x\n")
	if _, err := w.load(); err == nil || !strings.Contains(err.Error(), "postern.yaml:1:1: database is missing") {
		t.Errorf("a file that is there is read; got %v", err)
	}
	w.config = "elsewhere.yaml"
	if _, err := w.load(); !isMissing(err) {
		t.Errorf("a file that was named and is not there: %v", err)
	}
}

// A secret shows its words nowhere, however it is printed.
func TestSecretNeverShows(t *testing.T) {
	const words = "hunter2-hunter2"
	cfg := Config{Relay: &RelayConfig{Login: "x", Password: NewSecret(words)}}
	encoded, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	log := newLog(&out, slog.LevelInfo, "text")
	log.Info("starting", "password", NewSecret(words), "relay", cfg.Relay)
	for _, s := range []string{string(encoded), out.String(), fmt.Sprint(cfg.Relay), fmt.Sprintf("%#v %x %q %d", cfg.Relay.Password, cfg.Relay.Password, *cfg.Relay, cfg.Relay.Password)} {
		if strings.Contains(s, words) || strings.Contains(s, fmt.Sprintf("%x", words)) {
			t.Errorf("shown in %s", s)
		}
		if !strings.Contains(s, stars) {
			t.Errorf("no %s in %s", stars, s)
		}
	}
	if NewSecret(words).Reveal() != words {
		t.Error("Reveal does not give the words")
	}
}
