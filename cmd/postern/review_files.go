package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// path makes a path that the file gives begin at the file's folder.
func (r *review) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(r.dir, p)
}

// file completes a path and tells when there is no such file, or one of the wrong kind.
func (r *review) file(at string, p *string, folder bool) bool {
	if *p == "" {
		return false
	}
	*p = r.path(*p)
	info, err := os.Stat(*p)
	switch {
	case err != nil && isMissing(err):
		r.say(at, fmt.Sprintf("%s: there is no such %s", *p, kindOf(folder)), "relative paths begin at the folder of the configuration file")
	case err != nil:
		r.say(at, fmt.Sprintf("%s: %v", *p, reason(err)), "check the rights of the folders above it")
	case info.IsDir() && !folder:
		r.say(at, *p+" is a folder", "name a file in it")
	case !info.IsDir() && folder:
		r.say(at, *p+" is not a folder", "name the folder it lies in")
	default:
		return true
	}
	return false
}

func kindOf(folder bool) string {
	if folder {
		return "folder"
	}
	return "file"
}

// reason is an error of the file system without the path.
func reason(err error) error {
	if e, ok := err.(*os.PathError); ok {
		return e.Err
	}
	return err
}

// secretFile completes the path of a file with a secret and tells when strangers may read it.
func (r *review) secretFile(at string, p *string) bool {
	if !r.file(at, p, false) {
		return false
	}
	info, err := os.Stat(*p)
	if err == nil && info.Mode().Perm()&0o007 != 0 {
		r.say(at, fmt.Sprintf("%s: everybody on this machine may read this secret (mode %04o)", *p, info.Mode().Perm()), "run: chmod 600 "+*p)
		return false
	}
	return err == nil
}

// secretSource is where a password comes from: a file or the environment.
type secretSource struct {
	at        string // path of the thing that needs it
	file, env *string
	needed    bool
}

// secret reads a password; every way in which it may not be had is told.
func (r *review) secret(s secretSource) Secret {
	fileAt, envAt := s.at+".password_file", s.at+".password_env"
	switch {
	case *s.file != "" && *s.env != "":
		r.say(envAt, fmt.Sprintf("password_file and password_env are both given; the file is on line %d", r.line(fileAt)), "keep one of them")
	case *s.file != "":
		return r.secretFrom(fileAt, s.file)
	case *s.env != "":
		words := r.env(*s.env)
		if words == "" {
			r.say(envAt, fmt.Sprintf("the environment has no variable %s", *s.env), "set it where postern is started, or use password_file")
		}
		return NewSecret(words)
	case s.needed:
		r.missing(s.at, "login has no password", "add password_file or password_env; passwords never stand in this file")
	}
	return Secret{}
}

// secretFrom reads the one line of a password file.
func (r *review) secretFrom(at string, p *string) Secret {
	if !r.secretFile(at, p) {
		return Secret{}
	}
	src, err := os.ReadFile(*p)
	words := strings.TrimRight(string(src), "\r\n")
	switch {
	case err != nil:
		r.say(at, fmt.Sprintf("%s: %v", *p, reason(err)), "check who owns it")
	case words == "":
		r.say(at, *p+" is empty", "it holds the password, on one line")
	case strings.ContainsAny(words, "\r\n\x00"):
		r.say(at, *p+" has more than one line", "it holds the password and nothing else")
	}
	return NewSecret(words)
}
