package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"postern/rules/strictyaml"
)

// configFile is read when no other one is named.
const configFile = "postern.yaml"

// load reads the configuration the verb is to work with: the file that was
// named, else postern.yaml here, else the built-in one. The error is
// strictyaml.Problems when the file has mistakes.
func (w *world) load() (Config, error) {
	file := w.config
	if file == "" {
		if _, err := os.Stat(configFile); errors.Is(err, fs.ErrNotExist) {
			return builtin(), nil
		}
		file = configFile
	}
	return loadConfig(file, w.env)
}

// loadConfig reads a file and everything it points to that is needed to know that it is
// right: passwords, certificates, folders. It connects to nothing. The Config is only
// complete when the error is nil.
func loadConfig(file string, env func(string) string) (Config, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}
	cfg := Config{File: file}
	doc, found := strictyaml.Decode(file, src, &cfg)
	for i := range found {
		found[i].Hint = or(found[i].Hint, "postern help config shows every key with a value")
	}
	if !doc.Has("") { // not a tree at all: nothing more can be said
		return cfg, found.Err()
	}
	r := newReview(&cfg, doc, env)
	r.blocked = found
	r.all()
	return cfg, append(found, r.found...).Sorted().Err()
}
