package main

import (
	"fmt"
	"strings"
)

// shellWords splits a line at spaces, keeping 'quoted words' together; # begins a comment line.
func shellWords(line string) ([]string, error) {
	line = strings.TrimSpace(line)
	if strings.HasPrefix(line, "#") {
		return nil, nil
	}
	var words []string
	var cur strings.Builder
	in, any := false, false
	for _, r := range line {
		switch {
		case r == '\'':
			in, any = !in, true
		case r == ' ' && !in:
			if any {
				words = append(words, cur.String())
			}
			cur.Reset()
			any = false
		default:
			cur.WriteRune(r)
			any = true
		}
	}
	if in {
		return nil, fmt.Errorf("unclosed quote: %s", line)
	}
	if any {
		words = append(words, cur.String())
	}
	return words, nil
}
