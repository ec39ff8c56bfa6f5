package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// passwordCmd makes the argon2id hash that the configuration keeps of an agent's password.
type passwordCmd struct{}

// shortestPassword is refused only for being guessed in no time.
const shortestPassword = 8

// Run reads a password twice from the terminal, or one line of standard input.
func (passwordCmd) Run(w *world) error {
	password, err := readNew(w)
	if err != nil {
		return fmt.Errorf("reading the password: %w", err)
	}
	if len(password) < shortestPassword {
		return fmt.Errorf("a password has at least %d characters", shortestPassword)
	}
	hash := hashPassword(password)
	if w.json {
		return writeJSON(w.out, map[string]string{"password_hash": hash})
	}
	fmt.Fprintln(w.out, hash)
	return nil
}

func readNew(w *world) (string, error) {
	if w.password == nil {
		line, err := bufio.NewReader(io.LimitReader(w.in, 4096)).ReadString('\n')
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return strings.TrimRight(line, "\r\n"), err
	}
	first, err := w.password("New password: ")
	if err != nil {
		return "", err
	}
	again, err := w.password("Once more: ")
	if err == nil && again != first {
		err = errors.New("the two are not the same")
	}
	return first, err
}
