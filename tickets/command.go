package tickets

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Command is one line of a command block: "#assign bob".
type Command struct {
	N    int    // its place in the block, from 1
	Word string // lower case, without the sign
	Args string // the rest of the line, trimmed
	Line string // as written
}

// Block is what stands at the top of an agent's reply: commands, and the text
// below them.
type Block struct {
	Commands []Command
	Text     string // what follows the block, trimmed
	// Note says that #note was among the commands: all that follows is internal.
	Note bool
}

// MaxCommands bounds a block; more than that is no block but a mistake.
const MaxCommands = 20

// words are the commands of policy section 5 that this version carries out.
var words = []string{"show", "list", "why", "dry",
	"assign", "take", "queue", "status", "resolve", "close", "reopen", "pending",
	"hold", "priority", "type", "tag", "untag", "watch", "unwatch", "note", "release", "confirm", "help", "spam",
	"subject", "cc", "uncc", "merge", "link", "reject", "resend", "split", "on-behalf", "undo"}

// Words lists the commands, without their sign.
func Words() []string { return slices.Clone(words) }

// BlockError says what is wrong with a command block. Nothing of the mail is
// carried out or sent.
type BlockError struct {
	Line string // the line, as written
	Why  string // what is wrong with it
	Hint string // the nearest word, or what to do
}

// Error is one line for a person.
func (e *BlockError) Error() string {
	s := fmt.Sprintf("%q: %s", e.Line, e.Why)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// firstLine is the first line of a mail that says something, as an answer quotes it.
func firstLine(text string) string {
	for l := range strings.Lines(text) {
		if l = tidy(l); l != "" {
			return cut(l, 80)
		}
	}
	return ""
}

// ParseBlock reads the command block at the top of a visible reply: the first
// non-empty lines that begin with '#' and a letter. NBSP, case and trailing
// space are tolerated; a full-width sign is not a command. Unknown words, or a
// known command below the block, are a *BlockError.
func ParseBlock(reply string) (Block, error) {
	var b Block
	lines := strings.Split(reply, "\n")
	i := 0
	for ; i < len(lines); i++ {
		line := tidy(lines[i])
		if line == "" {
			continue
		}
		word, args, ok := commandLine(line)
		if !ok && !b.Note && almostNote.MatchString(line) {
			return Block{}, unclearNote(line)
		}
		if !ok || b.Note {
			break
		}
		if err := known(word, line); err != nil {
			return Block{}, err
		}
		b.Commands = append(b.Commands, Command{len(b.Commands) + 1, word, args, line})
		b.Note = word == "note"
		if len(b.Commands) > MaxCommands {
			return Block{}, &BlockError{line, fmt.Sprintf("more than %d commands in one mail", MaxCommands), ""}
		}
	}
	b.Text = strings.TrimSpace(strings.Join(lines[i:], "\n"))
	if n := len(b.Commands); n > 0 && b.Note && b.Commands[n-1].Args != "" {
		b.Text = strings.TrimSpace(b.Commands[n-1].Args + "\n" + b.Text)
	}
	return b, below(b, lines[i:])
}

// below finds a known command under the block: better late than leaked.
func below(b Block, rest []string) error {
	for _, l := range rest {
		l = tidy(l)
		word, _, ok := commandLine(l)
		if !ok && !b.Note && almostNote.MatchString(l) {
			return unclearNote(l)
		}
		if ok && slices.Contains(words, word) {
			return &BlockError{l, "this command stands below the first lines of your mail",
				"put commands at the very top, or send the text as it is with #release"}
		}
	}
	return nil
}

// almostNote finds what was meant as #note and is not written so: a bullet or other
// signs around it, a space behind the sign, a doubled or full-width sign, words run
// into it. Such a mail is held: what follows was meant for agents only.
var almostNote = regexp.MustCompile(`(?i)^[^\pL\pN#＃]{0,8}[#＃][#＃\s*_]{0,4}note(\PL|$)`)

func unclearNote(line string) error {
	return &BlockError{line, "it looks like #note, but is not written so", "write #note alone on the first line, or send the text as it is with #release"}
}

func known(word, line string) error {
	if slices.Contains(words, word) {
		return nil
	}
	hint := "#help lists the commands"
	if near := nearest(word, words); near != "" {
		hint = "did you mean #" + near + "?"
	}
	return &BlockError{line, "there is no command #" + word, hint}
}

// tidy removes what mail clients put in unseen: NBSP, zero-width and other format
// characters, BOM, CR.
func tidy(line string) string {
	line = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		if unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, line)
	return strings.TrimSpace(line)
}

// commandLine takes "#word args" apart. "#1 server down" is text: a word begins
// with a letter.
func commandLine(line string) (word, args string, ok bool) {
	rest, ok := strings.CutPrefix(line, "#")
	if !ok || rest == "" || !asciiLetter(rest[0]) {
		return "", "", false
	}
	word, args, _ = strings.Cut(rest, " ")
	word = strings.ToLower(strings.TrimRight(word, ".:,;"))
	for i := range len(word) {
		if !asciiLetter(word[i]) && word[i] != '-' {
			return "", "", false
		}
	}
	return word, strings.TrimSpace(args), true
}

func asciiLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// nearest is the known word within two edits of w, or "".
func nearest(w string, known []string) string {
	best, at := 3, ""
	for _, k := range known {
		if d := edits(w, k); d < best {
			best, at = d, k
		}
	}
	return at
}

// edits is the Levenshtein distance with swaps of neighbours counted once.
func edits(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return 99
	}
	prev2, prev := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur := make([]int, len(b)+1)
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev = prev, cur
	}
	return prev[len(b)]
}
