package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// top reviews what stands at the top level.
func (r *review) top() {
	c := r.cfg
	if r.required("", "instance", c.Instance, "give this helpdesk a short name, such as: instance: it-help") && !label.MatchString(c.Instance) {
		r.say("instance", fmt.Sprintf("instance cannot be %q", c.Instance), "use ASCII letters, digits, dots and dashes, at most 64: it stands in Message-IDs")
	}
	r.database()
	if c.Secrets == "" {
		c.Secrets = "secrets"
	}
	r.secretsFolder()
	if r.file("rules", &c.Rules, true) {
		r.ruleFiles()
	}
	r.oneOf("log.level", &c.Log.Level, "info", "debug", "warn", "error")
	r.oneOf("log.format", &c.Log.Format, "text", "json")
}

// word is a name that can stand in commands, rules and file names.
var word = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$`)

// label is a name that can stand in a Message-ID too.
var label = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$`)

const databaseHint = "write sqlite:PATH, or postgres://USER@HOST/NAME?sslmode=verify-full"

func (r *review) database() {
	c := r.cfg
	switch kind, rest, _ := strings.Cut(c.Database, ":"); {
	case c.Database == "":
		r.missing("", "database is missing", databaseHint)
	case kind == "sqlite" && rest == "":
		r.say("database", "sqlite: names no file", databaseHint)
	case kind == "sqlite":
		r.sqlite(rest)
	case kind == "postgres" || kind == "postgresql":
		r.postgres()
	default:
		r.say("database", fmt.Sprintf("%q is not a database", noPassword(c.Database)), databaseHint)
	}
	if c.DatabasePasswordFile != "" {
		c.DatabasePassword = r.secretFrom("database_password_file", &c.DatabasePasswordFile)
		if strings.HasPrefix(c.Database, "sqlite:") {
			r.say("database_password_file", "an SQLite database has no password", "remove the line; the rights of its file protect it")
		}
	}
}

func (r *review) sqlite(path string) {
	path = r.path(strings.TrimPrefix(path, "//"))
	if strings.ContainsAny(path, "?#%") {
		r.say("database", "the path of the database has one of ? # %", "postern sets the options itself; write the path alone")
		return
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		r.say("database", path+" is a folder", "name a file in it, such as "+filepath.Join(path, "postern.db"))
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		r.say("database", filepath.Dir(path)+": there is no such folder", "make it; postern makes only the file")
	}
	r.cfg.Database = "sqlite:" + path
}

var sslModes = []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

func (r *review) postgres() {
	u, err := url.Parse(r.cfg.Database)
	if err != nil {
		r.say("database", "this is not a URL: "+urlReason(err), databaseHint)
		return
	}
	mode := u.Query().Get("sslmode")
	switch {
	case strings.Trim(u.Path, "/") == "":
		r.say("database", "the URL names no database", databaseHint)
	case mode == "":
		r.say("database", "the URL does not say how the connection is protected", "add sslmode=verify-full, or sslmode=disable for a socket on this machine")
	case !slices.Contains(sslModes, mode):
		r.say("database", fmt.Sprintf("there is no sslmode %q", mode), "known are "+strings.Join(sslModes, ", "))
	}
	if _, has := u.User.Password(); has {
		r.openPassword()
	}
}

// openPassword looks after a password that stands in this very file.
func (r *review) openPassword() {
	if r.cfg.DatabasePasswordFile != "" {
		r.say("database_password_file", fmt.Sprintf("the password is given twice; the URL on line %d has one too", r.line("database")), "remove it from the URL")
	}
	if info, err := os.Stat(r.cfg.File); err == nil && info.Mode().Perm()&0o007 != 0 {
		r.say("database", fmt.Sprintf("everybody on this machine may read the password in this file (mode %04o)", info.Mode().Perm()),
			"move it to a file named by database_password_file")
	}
}

// urlReason is why a URL cannot be read, without the URL: a password may be in it.
func urlReason(err error) string {
	if e, ok := err.(*url.Error); ok {
		return e.Err.Error()
	}
	return "it cannot be read"
}

// noPassword shows at most the scheme of what may be a URL with a password.
func noPassword(s string) string {
	kind, _, found := strings.Cut(s, ":")
	if found {
		return kind + ":…"
	}
	return s
}

// secretsFolder may not be there yet, for it is made at the first start; but
// what is there must be a folder of ours alone.
func (r *review) secretsFolder() {
	c := r.cfg
	c.Secrets = r.path(c.Secrets)
	info, err := os.Stat(c.Secrets)
	switch {
	case err != nil:
	case !info.IsDir():
		r.say("secrets", c.Secrets+" is not a folder", "name a folder; postern makes it at the first start")
	case info.Mode().Perm()&0o007 != 0:
		r.say("secrets", fmt.Sprintf("%s: everybody on this machine may look into it (mode %04o)", c.Secrets, info.Mode().Perm()), "run: chmod 700 "+c.Secrets)
	}
}

// ruleFiles tells when the folder holds no rule file: rules that are quietly not there
// are worse than a message.
func (r *review) ruleFiles() {
	found, err := filepath.Glob(filepath.Join(r.cfg.Rules, "*.y*ml"))
	if err != nil || len(found) == 0 {
		r.say("rules", r.cfg.Rules+" holds no rule file (*.yaml)", "postern rules default prints a first one; without the line the built-in rules are used")
	}
}
