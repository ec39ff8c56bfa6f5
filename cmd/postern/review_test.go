package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/rules/strictyaml"
)

// small is a configuration without a mistake.
const small = `instance: office
database: sqlite:postern.db
listeners:
  - {name: mta, role: mta, address: "127.0.0.1:2525"}
relay: {server: "127.0.0.1:25", tls: none}
queues:
  - {name: it, addresses: [help@example.org], agents: [ann]}
agents:
  - {name: ann, addresses: [ann@example.org]}
`

// loadText loads a configuration from a file in the current folder.
func loadText(t *testing.T, text string) (Config, error) {
	t.Helper()
	write(t, "postern.yaml", text)
	return loadConfig("postern.yaml", func(string) string { return "" })
}

// What is left out gets its usual value, and short forms are completed.
func TestReviewCompletes(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "pw", "secret\n")
	cfg, err := loadText(t, strings.Replace(small, "role: mta,", "role: submission, trusted: [192.0.2.1, \"2001:db8::/32\"],", 1)+
		"mailboxes:\n  - {name: a, server: imap.example.org, login: x, password_file: pw}\n  - {name: b, server: \"[2001:db8::1]:1993\", tls: starttls, login: x, password_file: pw}\n"+
		"relays:\n  - {name: out, server: mx.example.org}\nhttp: \":9090\"\n")
	if err != nil {
		t.Fatal(err)
	}
	a, b, q := cfg.Mailboxes[0], cfg.Mailboxes[1], cfg.Queues[0]
	for got, want := range map[string]string{
		a.Server: "imap.example.org:993", a.TLS: "tls", a.Folder: "INBOX", a.Import: "from-now", a.Interval.String(): "5m", b.Server: "[2001:db8::1]:1993",
		cfg.Relays[0].Server: "mx.example.org:587", cfg.Relays[0].EnvelopeFrom: "signed", cfg.Listeners[0].Protocol: "smtp",
		fmt.Sprint(cfg.Listeners[0].Trusted): "[192.0.2.1/32 2001:db8::/32]", cfg.HTTP: "127.0.0.1:9090", q.Language: "en", q.Zone: "UTC",
		q.ReopenWindow.String(): "2w", cfg.Log.Level: "info", cfg.Log.Format: "text", cfg.Secrets: "secrets",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Secrets that others may read are refused, wherever they are.
func TestReviewGuardsSecrets(t *testing.T) {
	for name, c := range map[string]struct {
		text, open string
		mode       os.FileMode
		want       string
	}{
		"the configuration with a password": {strings.Replace(small, "sqlite:postern.db", "postgres://x:pw@127.0.0.1/d?sslmode=disable", 1), "postern.yaml", 0o644, "everybody on this machine may read the password"},
		"the folder of keys":                {small, "secrets", 0o755, "everybody on this machine may look into it"},
		"the key of a certificate":          {strings.Replace(small, "role: mta,", "role: mta, tls: {cert: cert, key: key},", 1), "key", 0o644, "everybody on this machine may read this secret"},
		"a password given twice":            {strings.Replace(small, "sqlite:postern.db", "postgres://x:pw@127.0.0.1/d?sslmode=disable\ndatabase_password_file: pw", 1), "", 0, "the password is given twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			writeCertificate(t, "cert", "key")
			write(t, "pw", "secret\n")
			if err := os.Mkdir("secrets", 0o700); err != nil {
				t.Fatal(err)
			}
			if _, err := loadText(t, c.text); (err != nil) != (c.open == "") {
				t.Fatalf("closed: %v", err)
			}
			if c.open != "" {
				if err := os.Chmod(c.open, c.mode); err != nil {
					t.Fatal(err)
				}
			}
			_, err := loadConfig("postern.yaml", func(string) string { return "" })
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret\n") {
				t.Errorf("%v", err)
			}
			if err != nil && strings.Contains(strings.Split(err.Error(), "\n")[0], ":pw@") {
				t.Errorf("the message shows the password: %v", err)
			}
		})
	}
}

// The password from its own file reaches the database, and nothing else.
func TestDatabasePassword(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "pw", "p@ss/word\n")
	cfg, err := loadText(t, strings.Replace(small, "sqlite:postern.db", "postgres://x@127.0.0.1/d?sslmode=disable\ndatabase_password_file: pw", 1))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := cfg.databaseURL(), "postgres://x:p%40ss%2Fword@127.0.0.1/d?sslmode=disable"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if s := fmt.Sprintf("%v %+v", cfg, cfg); strings.Contains(s, "p@ss") {
		t.Error(s)
	}
}

// Whatever stands in the file, it is understood or refused with places; nothing panics.
func FuzzConfig(f *testing.F) {
	f.Add(small)
	f.Add(exampleConfig)
	broken, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(broken) == 0 {
		f.Fatal(err)
	}
	for _, name := range broken {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		file := filepath.Join(dir, "postern.yaml")
		write(t, file, text)
		cfg, err := loadConfig(file, func(string) string { return "" })
		var problems strictyaml.Problems
		switch {
		case err == nil:
			cfg.Settings()
			cfg.databaseURL()
			for _, l := range cfg.Listeners {
				l.Trust.trust()
			}
		case !errors.As(err, &problems) || len(problems) == 0:
			t.Fatalf("not a list of mistakes: %v", err)
		default:
			for _, p := range problems {
				if p.File != file || p.Text == "" || p.Hint == "" {
					t.Errorf("without place or hint: %+v", p)
				}
			}
		}
	})
}

// Mistakes come as JSON where that is asked for, those of the rules behind those of
// the configuration.
func TestMistakesAsJSON(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "postern.yaml", strings.Replace(small, "instance: office", "instance: the office\nrules: rules", 1))
	write(t, "rules/a.yaml", "version: 2\nrules: []\n")
	for _, verb := range []string{"check", "rules check rules"} {
		r := postern(t, "", append(strings.Fields(verb), "--json")...)
		if r.code != exitFound {
			t.Errorf("%s: %+v", verb, r)
		}
	}
	v := decode(t, postern(t, "", "check", "--json").out)
	if field(v, "mistakes", 0, "file") != "postern.yaml" || field(v, "mistakes", 0, "line") != 1.0 || field(v, "mistakes", 0, "column") != 11.0 || field(v, "mistakes", 1, "file") != "a.yaml" {
		t.Errorf("%v", v)
	}
	if r := postern(t, "", "check"); !strings.Contains(r.errs, "postern.yaml:1:11:") || !strings.Contains(r.errs, "a.yaml:1:10:") {
		t.Errorf("%+v", r)
	}
}
