package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"postern/tickets"
)

func get(t *testing.T, path string, checks ...health) (int, string) {
	t.Helper()
	reg := prometheus.NewRegistry()
	n := prometheus.NewCounter(prometheus.CounterOpts{Name: "postern_test_total"})
	reg.MustRegister(n)
	r := httptest.NewRecorder()
	pages(reg, func() []health { return checks }).ServeHTTP(r, httptest.NewRequest("GET", path, nil))
	return r.Code, r.Body.String()
}

// The process lives as long as it answers; what is wrong elsewhere is for readyz.
func TestHealthz(t *testing.T) {
	bad := health{"database", func(context.Context) error { return errors.New("down") }}
	if code, body := get(t, "/healthz", bad); code != 200 || body != "ok\n" {
		t.Errorf("%d %q", code, body)
	}
	if code, body := get(t, "/metrics"); code != 200 || !strings.Contains(body, "postern_test_total 0") {
		t.Errorf("%d %q", code, body)
	}
}

// readyz names what is not well, and why, and everything that is.
func TestReadyzNamesWhatIsNotWell(t *testing.T) {
	well := health{"outbox", func(context.Context) error { return nil }}
	bad := health{"mailbox support", func(context.Context) error { return errors.New("login refused\nsince noon") }}
	code, body := get(t, "/readyz", well, bad)
	var v struct {
		Ready  bool
		Checks []finding
	}
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	if code != 503 || v.Ready || len(v.Checks) != 2 || !v.Checks[0].OK || v.Checks[1].Name != "mailbox support" || !strings.Contains(v.Checks[1].Why, "login refused") {
		t.Errorf("%d %s", code, body)
	}
	if code, body := get(t, "/readyz", well); code != 200 || !strings.Contains(body, `"ready": true`) {
		t.Errorf("%d %s", code, body)
	}
}

// A check that hangs is not well, and does not keep the answer.
func TestReadyzDoesNotHang(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	forever := make(chan struct{})
	defer close(forever)
	found := probe(ctx, []health{{"database", func(context.Context) error { <-forever; return nil }}})
	if found[0].OK || !strings.Contains(found[0].Why, "no answer") {
		t.Errorf("%+v", found)
	}
}

// One event is one line, whatever a mail brings along.
func TestLogIsOneLine(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var out strings.Builder
		log := newLog(&out, slog.LevelInfo, format).With("source", "a\nb")
		log.Info("arrived\r\nlevel=ERROR msg=forged", "subject", "x\x1b[2J\u0085\u202ey\xff", "err", errors.New("550 no\r\n such user"), "long", strings.Repeat("ä", 5000))
		log.Debug("not shown")
		s := out.String()
		if strings.Count(s, "\n") != 1 || strings.ContainsAny(s, "\x1b\r\u0085\u202e") {
			t.Errorf("%s: %q", format, s)
		}
		if len(s) > 3000 || !strings.Contains(s, "…") {
			t.Errorf("%s: %d octets", format, len(s))
		}
		if format == "json" && !json.Valid([]byte(s)) {
			t.Errorf("not JSON: %s", s)
		}
		if !strings.Contains(s, "Z") || strings.Contains(s, "+0") {
			t.Errorf("%s: the time is not UTC: %s", format, s)
		}
	}
}

// Keys are made once, are ours alone, and are the same for everybody who asks.
func TestKeys(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "secrets")
	rings := make([]tickets.Keyring, 8)
	var wg sync.WaitGroup
	for i := range rings {
		wg.Go(func() {
			var err error
			if rings[i], err = loadKeys(folder); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, r := range rings {
		if len(r.Keys[r.Current]) != keySize || fmt.Sprint(r) != fmt.Sprint(rings[0]) {
			t.Errorf("%v and %v", r, rings[0])
		}
	}
	path := filepath.Join(folder, keyFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, ".new-*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	s := tickets.Signer{Instance: "x", Keys: rings[0]}
	token, err := s.Sign(tickets.Token{Purpose: tickets.ForReply, Ticket: 7, Participant: 3})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Read(token); err != nil || got.Ticket != 7 {
		t.Errorf("%+v %v", got, err)
	}
}

// A key file that is wrong or open to others is refused, with a reason.
func TestKeysRefused(t *testing.T) {
	for name, src := range map[string]string{
		"not JSON": "key", "no key": `{"current":1,"keys":{}}`, "short": `{"current":1,"keys":{"1":"abcd"}}`,
		"number": `{"current":1,"keys":{"one":"` + strings.Repeat("00", keySize) + `"}}`,
		"other":  `{"current":2,"keys":{"1":"` + strings.Repeat("00", keySize) + `"}}`,
	} {
		folder := t.TempDir()
		write(t, filepath.Join(folder, keyFile), src)
		if _, err := loadKeys(folder); err == nil || !strings.Contains(err.Error(), keyFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	folder := t.TempDir()
	if _, err := loadKeys(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(folder, keyFile), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := loadKeys(folder); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("open to others: %v", err)
	}
	write(t, filepath.Join(folder, "taken"), "")
	if err := writePrivate(filepath.Join(folder, "taken"), nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("replaced a file: %v", err)
	}
}

// The hash of a password is the password's alone.
func TestPassword(t *testing.T) {
	r := postern(t, "correct horse\n", "password")
	hash := strings.TrimSpace(r.out)
	if r.code != exitOK || checkHash(hash) != nil || !checkPassword(hash, "correct horse") || checkPassword(hash, "correct horse ") {
		t.Errorf("%d %q %s", r.code, hash, r.errs)
	}
	if again := strings.TrimSpace(postern(t, "correct horse\n", "password").out); again == hash {
		t.Error("no salt")
	}
	if r := postern(t, "short\n", "password"); r.code != exitFound || r.out != "" {
		t.Errorf("%+v", r)
	}
	for _, bad := range []string{"", "hunter2", "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA", "$argon2id$v=16$m=19456,t=2,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
		"$argon2id$v=19$m=1,t=2,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA", "$argon2id$v=19$m=99999999,t=2,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$AAAA"} {
		if checkHash(bad) == nil || checkPassword(bad, "") {
			t.Errorf("taken: %q", bad)
		}
	}
}
