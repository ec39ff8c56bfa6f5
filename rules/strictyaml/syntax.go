package strictyaml

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/token"
)

const underWhen = "put a condition under “when: |”, indented on the next line, or quote the value"

// checkTokens finds what the grammar allows and we do not, before anything
// recursive runs; of each line only the first such thing, because the rest of the
// line was hardly read as meant. It reports whether the tokens may be parsed.
func (d *Doc) checkTokens(tokens token.Tokens) bool {
	before, last := len(d.problems), 0
	var nest nesting
	for i, t := range tokens {
		line, col := pos(t)
		if nest.add(tokens, i); nest.depth() > MaxDepth {
			d.at(line, col, fmt.Sprintf("nested more than %d deep", MaxDepth), "no file needs that; is a bracket missing?")
			return false
		}
		if nest.keys() > MaxKeys {
			d.at(line, col, fmt.Sprintf("more than %d keys in one mapping", MaxKeys), "write a list, or several files")
			return false
		}
		if line == last {
			continue
		}
		n := len(d.problems)
		d.checkToken(tokens, i)
		if len(d.problems) > n {
			last = line
		}
		if t.Type == token.InvalidType {
			break
		}
	}
	return len(d.problems) == before
}

// checkToken tells of a token that has no place in our files.
func (d *Doc) checkToken(tokens token.Tokens, i int) {
	t := tokens[i]
	line, col := pos(t)
	switch t.Type {
	case token.TagType:
		d.at(line, col, fmt.Sprintf("a leading ! is a YAML tag, so %s is not read as written", quote(t.Value)), underWhen)
	case token.AnchorType:
		d.at(line, col, "anchors (&) are not allowed", "write the value out, or quote it if it begins with &")
	case token.AliasType:
		d.at(line, col, "aliases (*) are not allowed", "write the value out, or quote it if it begins with *")
	case token.MergeKeyType:
		d.at(line, col, "merge keys (<<) are not allowed", "write the keys out")
	case token.MappingKeyType:
		d.at(line, col, "keys after “?” are not allowed", "write “key: value”")
	case token.DirectiveType:
		d.at(line, col, "directives (%) are not allowed", "remove the line, or quote the value if it begins with %")
	case token.LiteralType, token.FoldedType:
		d.checkBlock(line)
	case token.CommentType:
		d.checkCut(tokens, i)
	case token.InvalidType:
		text, hint := reword(t.Error)
		if strings.Contains(t.Error, "escape character") {
			col = d.backslash(line, col)
		}
		d.at(line, min(col, len([]rune(d.line(line)))+1), text, hint)
	}
}

// backslash is the column of the last \ before col, where an unknown escape
// begins; the grammar points behind it.
func (d *Doc) backslash(line, col int) int {
	l := []rune(d.line(line))
	for i := min(col, len(l)) - 1; i >= 0; i-- {
		if l[i] == '\\' {
			return i + 1
		}
	}
	return col
}

// nesting measures how deep the tokens seen so far are nested, and how many keys
// the mapping has that is being read.
type nesting struct {
	flow, flowKeys int
	blocks         []block
}

// block is an open block collection: where it is indented to, and its keys.
type block struct{ col, keys int }

func (n *nesting) depth() int { return n.flow + len(n.blocks) }

// keys is the number of keys of the innermost collection.
func (n *nesting) keys() int {
	if n.flow > 0 || len(n.blocks) == 0 {
		return n.flowKeys
	}
	return n.blocks[len(n.blocks)-1].keys
}

func (n *nesting) add(tokens token.Tokens, i int) {
	t := tokens[i]
	switch t.Type {
	case token.MappingStartType, token.SequenceStartType:
		n.flow++
	case token.MappingEndType, token.SequenceEndType:
		if n.flow = max(n.flow-1, 0); n.flow == 0 {
			n.flowKeys = 0
		}
	case token.SequenceEntryType:
		n.open(t, 0)
	case token.MappingValueType:
		if i > 0 {
			n.open(tokens[i-1], 1)
		}
	}
}

// open notes a key or list entry that begins with token t.
func (n *nesting) open(t *token.Token, keys int) {
	if n.flow > 0 {
		n.flowKeys += keys
		return
	}
	_, col := pos(t)
	for len(n.blocks) > 0 && n.blocks[len(n.blocks)-1].col > col {
		n.blocks = n.blocks[:len(n.blocks)-1]
	}
	if len(n.blocks) == 0 || n.blocks[len(n.blocks)-1].col < col {
		n.blocks = append(n.blocks, block{col: col})
	}
	n.blocks[len(n.blocks)-1].keys += keys
}

// checkBlock finds a block scalar (| or >) without text: the grammar would
// complain far below, or not at all.
func (d *Doc) checkBlock(line int) {
	head := d.line(line)
	key := len(head) - len(strings.TrimLeft(head, " -"))
	for n := line + 1; n <= len(d.lines); n++ {
		l := d.line(n)
		if strings.TrimSpace(l) == "" {
			continue
		}
		if len(l)-len(strings.TrimLeft(l, " ")) > key {
			return
		}
		d.at(n, len(l)-len(strings.TrimLeft(l, " "))+1, fmt.Sprintf("this line is not part of the block that begins on line %d", line), "indent the text of the block deeper than its key")
		return
	}
	d.at(line, len([]rune(strings.TrimRight(head, " "))), "nothing stands in this block", "indent its text on the next line")
}

// checkCut finds a plain value that was cut short at " #": what follows is a
// comment to YAML, but looks as if it belonged to the value.
func (d *Doc) checkCut(tokens token.Tokens, i int) {
	if i == 0 || tokens[i-1].Type != token.StringType {
		return
	}
	line, col := pos(tokens[i])
	was, _ := pos(tokens[i-1])
	if was != line {
		return
	}
	value, comment := tokens[i-1].Value, tokens[i].Value
	if unbalanced(value) || comment != "" && !strings.HasPrefix(comment, " ") && !strings.HasPrefix(comment, "#") {
		d.at(line, col, fmt.Sprintf("the value ends at %s, because “ #” begins a comment", quote(strings.TrimSpace(value))),
			underWhen+"; a comment has a space after the #")
	}
}

// unbalanced reports whether a text ends inside quotes or brackets. The
// apostrophe of "it's" is no quote.
func unbalanced(s string) bool {
	var quote, before rune
	depth := 0
	for _, r := range s {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"', r == '\'' && (before == 0 || strings.ContainsRune(" ([,=!", before)):
			quote = r
		case r == '(', r == '[':
			depth++
		case r == ')', r == ']':
			depth--
		}
		before = r
	}
	return quote != 0 || depth > 0
}

// reword says the grammar's complaints in words that help.
func reword(msg string) (text, hint string) {
	for _, r := range rewords {
		if strings.Contains(msg, r.part) {
			return r.text, r.hint
		}
	}
	return "this is not YAML: " + firstLine(msg), "check indentation, quotes and brackets around here"
}

var rewords = []struct{ part, text, hint string }{
	{"could not find end character of double-quoted", "a double quote is not closed", `end the text with "; a " inside it is written \"`},
	{"could not find end character of single-quoted", "a single quote is not closed", `end the text with '; a ' inside it is written ''`},
	{"sequence end token ']' not found", "a list is not closed", "end it with ]"},
	{"',' or ']' must be specified", "a list is not closed, or lacks a comma", "write [a, b]; quote values that hold brackets or commas"},
	{"could not find flow mapping end token", "a mapping is not closed", "end it with }"},
	{"',' or '}' must be specified", "a mapping is not closed, or lacks a comma", "write {a: 1, b: 2}; quote values that hold braces or commas"},
	{"could not find '[' character", "a ] without [", "remove it, or quote the value"},
	{"could not find '{' character", "a } without {", "remove it, or quote the value"},
	{"mapping value is not allowed in this context", "a “: ” where no key can be", "quote a value that holds “: ”, or indent the key like its neighbours"},
	{"non-map value is specified", "a value where a key belongs", "write “key: value”, and indent it like its neighbours"},
	{"value is not allowed in this context", "a key or value where none can be", "indent it like its neighbours; a quoted value ends at its closing quote"},
	{"unexpected key name", "a line without key", "write “key: value”; longer text goes under “key: |”"},
	{"map key definition includes an implicit line break", "a key that runs over two lines", "is a colon missing on the line above?"},
	{"block sequence entries are not allowed", "a list entry (“- ”) where none can be", "begin the list on its own line"},
	{"tab character", "a tab where YAML wants a space", "replace the tab by spaces"},
	{"'\\t'", "a tab where YAML wants a space", "replace the tab by spaces"},
	{"'\t'", "a tab where YAML wants a space", "replace the tab by spaces"},
	{"is a reserved character", "this value begins with a character that YAML reserves", "quote the value"},
	{"reserved", "this value begins with a character that YAML reserves", "quote the value"},
	{"invalid escape", `an unknown escape after \`, `in double quotes a \ is written \\; single quotes take it as it is`},
	{"unknown escape", `an unknown escape after \`, `in double quotes a \ is written \\; single quotes take it as it is`},
	{"literal block scalar", "text stands behind | or >", "the text of a block begins on the next line"},
	{"invalid header option", "text stands behind | or >", "the text of a block begins on the next line"},
	{"sequence was used where mapping is expected", "a list where keys belong", "indent it below its key"},
}
