package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the .want files of testdata/broken anew")

// kindsOfMistake tells what each file of testdata/broken gets wrong. Every file
// is of a kind of its own.
var kindsOfMistake = map[string]string{
	"key-unknown":              "an unknown key, near a known one",
	"key-foreign":              "an unknown key, near none",
	"key-twice":                "a key given twice",
	"value-none":               "a key without value",
	"type-list":                "text where a list belongs",
	"type-mapping":             "text where a mapping belongs",
	"type-bool":                "yes instead of true",
	"type-int":                 "a word where a number belongs",
	"type-fraction":            "a fraction where a whole number belongs",
	"duration":                 "a duration without unit",
	"size":                     "a size in unknown units",
	"tab":                      "a tab in the indentation",
	"quote-open":               "a quote that is not closed",
	"anchor":                   "an anchor",
	"document-second":          "a second document",
	"empty":                    "an empty file",
	"latin1":                   "octets that are not UTF-8",
	"instance-missing":         "no instance",
	"instance-words":           "an instance of several words",
	"database-missing":         "no database",
	"database-kind":            "an unknown database",
	"database-folder":          "a database in a folder that is not there",
	"database-url":             "a postgres URL that cannot be read",
	"database-sslmode":         "a postgres URL that leaves protection open",
	"database-sslmode-unknown": "an unknown sslmode",
	"database-password":        "a password for SQLite",
	"rules-missing":            "a rules folder that is not there",
	"rules-file":               "a file where the rules folder belongs",
	"rules-none":               "a rules folder without rules",
	"log-level":                "an unknown log level",
	"queue-none":               "no queue",
	"queue-twice":              "two queues with one name",
	"queue-name":               "a queue name of several words",
	"queue-no-address":         "a queue without address",
	"address":                  "something that is no address",
	"address-named":            "an address with a display name",
	"address-two-queues":       "one address in two queues",
	"address-queue-agent":      "an address of a queue and an agent",
	"address-long":             "an address too long for a signed one",
	"queue-agent":              "an agent nobody knows",
	"queue-agent-twice":        "an agent twice in a queue",
	"language":                 "an unknown language",
	"agent-language":           "an unknown language of an agent",
	"zone":                     "an unknown time zone",
	"digest":                   "a morning list at no time of day",
	"templates":                "a templates folder that is not there",
	"tag":                      "a subject tag with brackets",
	"display-break":            "a line break in a name",
	"queue-relay":              "a relay nobody knows",
	"agent-reserved":           "an agent named by a reserved word",
	"agent-no-address":         "an agent without address",
	"password-plain":           "a password where its hash belongs",
	"role-missing":             "a listener without role",
	"role":                     "an unknown role",
	"listener-address":         "an address without port",
	"listener-port":            "a port beyond the last",
	"listener-address-twice":   "two listeners on one address",
	"http-address-taken":       "the monitor on the address of a listener",
	"socket-relative":          "a socket without absolute path",
	"socket-folder":            "a socket in a folder that is not there",
	"lmtp-mx":                  "LMTP for strangers",
	"socket-mx":                "strangers on a Unix socket",
	"trusted-mta":              "trusted networks where strangers' mail comes",
	"trusted-socket":           "trusted networks on a Unix socket",
	"network":                  "something that is no network",
	"network-world":            "a network that is the world",
	"network-bits":             "a network with bits too many",
	"submission-nobody":        "a submission listener nobody can use",
	"auth-clear":               "passwords in clear",
	"auth-nobody":              "logins without any password",
	"auth-role":                "logins where strangers connect",
	"tls-half":                 "a certificate without key",
	"tls-file":                 "a certificate that is not there",
	"tls-not":                  "a certificate that is none",
	"trust-mx":                 "header evidence where strangers connect",
	"trust-mode-missing":       "header evidence without mode",
	"trust-ids-missing":        "a trust mode without names",
	"verify-submission":        "a look at signatures where agents log in",
	"verify-resolver":          "a name where the address of a DNS server belongs",
	"trust-hops":               "a negative number of hops",
	"marker-value":             "a marker without value",
	"marker-header":            "a marker that is no header",
	"listener-queue":           "a listener for a queue nobody knows",
	"hostname":                 "something that is no host name",
	"mailbox-password-missing": "a login without password",
	"mailbox-password-both":    "a password from two places",
	"mailbox-password-file":    "a password file that is not there",
	"mailbox-password-open":    "a password that everybody may read",
	"mailbox-password-empty":   "an empty password file",
	"mailbox-password-lines":   "a password file of several lines",
	"mailbox-password-env":     "a variable that is not set",
	"mailbox-server":           "a URL where a server belongs",
	"mailbox-clear":            "an IMAP server in clear",
	"mailbox-import":           "an unknown beginning",
	"mailbox-done":             "done mail where new mail is read",
	"mailbox-twice":            "one mailbox read twice",
	"mailbox-interval":         "a poll every second",
	"relay-missing":            "no relay",
	"relay-both":               "a relay that is server and folder",
	"relay-neither":            "a relay that is nothing",
	"relay-clear":              "a relay in clear",
	"relay-login":              "a password without login",
	"relay-envelope":           "an unknown envelope sender",
	"relay-fixed":              "a fixed sender that is not given",
	"relay-fixed-unused":       "a fixed sender that is not used",
	"relays-twice":             "two relays with one name",
	"reply-domain":             "a reply domain that is an address",
	"limit-zero":               "a limit of zero",
	"limit-size":               "a message size no server may have",
	"limit-attachments":        "attachments greater than mail",
	"limit-window":             "a window of no length",
	"no-way-in":                "no way in for mail",
	"instance-ascii":           "an instance that no Message-ID can hold",
	"database-options":         "options behind the path of the database",
	"address-ascii":            "an address with letters beyond ASCII",
	"address-reply-domain":     "a queue on the reply domain",
	"agent-group":              "an agent named like a group",
	"relay-loop":               "a relay that is our own listener",
	"admin-address":            "an admin without an address",
	"admin-queue":              "an admin that is a queue",
	"admin-twice":              "an admin twice",
	"admin-reply-domain":       "an admin on the reply domain",
	"many":                     "many mistakes, all told at once",
}

// Each broken file gets exactly the messages in its .want: place, line, caret and
// hint; and the program ends with 1.
func TestBrokenConfigurations(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(files) != len(kindsOfMistake) {
		t.Fatalf("%d files (%v) for %d kinds", len(files), err, len(kindsOfMistake))
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			if kindsOfMistake[name] == "" {
				t.Fatal("of no known kind")
			}
			want, err := filepath.Abs(strings.TrimSuffix(file, ".yaml") + ".want")
			if err != nil {
				t.Fatal(err)
			}
			got := checkBroken(t, file)
			if *update {
				write(t, want, got)
			}
			if text, err := os.ReadFile(want); err != nil || string(text) != got {
				t.Errorf("got\n%s\nwant\n%s%v", got, text, err)
			}
		})
	}
}

// checkBroken runs the program on a copy of the file in an office of its own, and
// returns its messages.
func checkBroken(t *testing.T, file string) string {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(brokenOffice(t))
	write(t, "postern.yaml", string(src))
	r := postern(t, "", "check")
	if r.code != exitFound {
		t.Errorf("exit code %d, want %d", r.code, exitFound)
	}
	if !strings.Contains(r.errs, "hint: ") {
		t.Error("no hint")
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(r.errs, here, "HERE")
}

// brokenOffice has what the broken files name, and not what they miss.
func brokenOffice(t *testing.T) string {
	dir := t.TempDir()
	for name, text := range map[string]string{"secret": "password\n", "blank": "\n", "lines": "one\ntwo\n", "open": "password\n"} {
		write(t, filepath.Join(dir, name), text)
	}
	if err := os.Chmod(filepath.Join(dir, "open"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Kinds are kinds: no two files are of the same, and none has the messages of another.
func TestKindsOfMistakeDiffer(t *testing.T) {
	seen := map[string]string{}
	for name, kind := range kindsOfMistake {
		if other, again := seen[kind]; again {
			t.Errorf("%s and %s are both %q", name, other, kind)
		}
		seen[kind] = name
	}
}
