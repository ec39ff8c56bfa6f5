package rules

import (
	"fmt"
	"regexp"
	"strings"

	"postern/rules/strictyaml"
)

var (
	noField    = regexp.MustCompile(`^type (.+) has no (?:field|method) (\S+)$`)
	unknown    = regexp.MustCompile(`^unknown name (\S+)$`)
	mismatched = regexp.MustCompile(`^invalid operation: (\S+) \(mismatched types (.+) and (.+)\)$`)
	argument   = regexp.MustCompile(`^cannot use (.+) as argument \(type (.+)\) to call (\w+)`)
	expected   = regexp.MustCompile(`^expected bool, but got (.+)$`)
	unexpected = regexp.MustCompile(`^unexpected token (\w+)(?:\("(.*)"\))?`)
	goType     = regexp.MustCompile(`\*?(?:rules|tickets)\.(\w+)`)
)

// reword says an error of the expression library in words of the vocabulary.
func (t *terms) reword(msg, text string, at int) (string, string) {
	if m := noField.FindStringSubmatch(msg); m != nil {
		return t.noField(m[1], m[2])
	}
	if m := unknown.FindStringSubmatch(msg); m != nil {
		return t.unknown(m[1])
	}
	if m := mismatched.FindStringSubmatch(msg); m != nil {
		return mismatch(m[1], plain(m[2]), plain(m[3]))
	}
	if m := expected.FindStringSubmatch(msg); m != nil {
		return fmt.Sprintf("the condition is %s, not true or false", plain(m[1])), "compare it with something: == \"…\", contains \"…\""
	}
	if strings.HasPrefix(msg, "compilation failed: expression exceeds maximum allowed nodes") {
		return fmt.Sprintf("the condition has more than %d parts", MaxNodes), "split it into several rules, or use one list: x in [\"a\", \"b\"]"
	}
	if m := unexpected.FindStringSubmatch(msg); m != nil {
		return unexpectedToken(m[1], m[2], text, at)
	}
	if m := argument.FindStringSubmatch(msg); m != nil {
		return fmt.Sprintf("%s takes %s, not %s", m[3], plain(m[2]), plain(m[1])), ""
	}
	if strings.Contains(msg, "literal not terminated") {
		return "a quote in the condition is not closed", "texts stand in double or single quotes"
	}
	return plain(msg), ""
}

func (t *terms) noField(typ, field string) (string, string) {
	part := goType.ReplaceAllString(typ, "$1")
	if part == "string" || part == "int" || part == "bool" {
		return fmt.Sprintf("%s has no field %q", plain(typ), field), ""
	}
	if part == "" || part == "vars" {
		return t.unknown(field)
	}
	return fmt.Sprintf("%s has no field %q", article(part), field), strictyaml.DidYouMean(field, fieldNames(part))
}

// article calls a part of the vocabulary by a word that an admin knows.
func article(part string) string {
	switch part {
	case "address":
		return "an address"
	case "attachment":
		return "an attachment"
	case "headerField":
		return "a header field"
	}
	return part
}

func (t *terms) unknown(name string) (string, string) {
	switch name {
	case "AND", "OR", "NOT", "AND(", "IN":
		return fmt.Sprintf("unknown name %q", name), "write it in small letters: " + strings.ToLower(name)
	case "body":
		return `unknown name "body"`, "use text, or message.reply for what was written this time"
	}
	known := fieldNames("")
	for f := range allowed {
		known = append(known, f)
	}
	for d := range t.defined {
		known = append(known, d)
	}
	if n := strictyaml.Nearest(name, known); n != "" {
		return fmt.Sprintf("unknown name %q", name), fmt.Sprintf("did you mean %q?", n)
	}
	return fmt.Sprintf("unknown name %q", name), "texts stand in quotes; known are " + strings.Join(fieldNames(""), ", ")
}

func mismatch(op, left, right string) (string, string) {
	text := fmt.Sprintf("%s cannot be used between %s and %s", op, left, right)
	switch {
	case strings.Contains(left, "address") || strings.Contains(right, "address"):
		return text, "use .address, .domain, .local or .name of it"
	case left == "a list of texts" && op != "in":
		return text, "write \"word\" in list, or any(list, # contains \"word\")"
	case left == "text" && right == "a number", left == "a number" && right == "text":
		return text, "numbers stand without quotes, texts in quotes"
	case strings.Contains(left+right, "a duration"):
		return text, "write duration(\"3d\")"
	case op == "&&" || op == "||" || op == "and" || op == "or":
		return text, "each side must be true or false: subject contains \"a\" || subject contains \"b\""
	}
	return text, ""
}

// plain replaces the names of Go types by words.
func plain(s string) string {
	switch s {
	case "string":
		return "text"
	case "int", "int64", "float64":
		return "a number"
	case "bool":
		return "true or false"
	case "time.Time":
		return "a moment"
	case "time.Duration":
		return "a duration"
	case "[]string", "[]interface {}", "[]any":
		return "a list of texts"
	case "[]rules.address":
		return "a list of addresses"
	case "nil":
		return "nothing"
	}
	if strings.HasPrefix(s, "func(") {
		return "a function"
	}
	if m := goType.FindStringSubmatch(s); m != nil && m[0] == s {
		if a := article(m[1]); a != m[1] {
			return a
		}
		return "all of " + m[1]
	}
	return goType.ReplaceAllString(s, "$1")
}

func unexpectedToken(kind, value, text string, at int) (string, string) {
	rest := text[min(at, len(text)):]
	before := strings.TrimRight(text[:min(at, len(text))], " ")
	hint := ""
	switch {
	case kind == "EOF":
		return "the condition ends too early", "is a bracket not closed, or a value missing?"
	case value == "=" && strings.HasSuffix(before, "=") || strings.HasPrefix(rest, "=="):
	case value == "=" && strings.HasPrefix(rest, "=~"):
		hint = "write matches"
	case value == "=":
		hint = "write == to compare"
	case value == "|" || value == "&":
		hint = "write || or &&"
	case kind == "Identifier" && equalFold(value, "and"), kind == "Identifier" && equalFold(value, "or"), kind == "Identifier" && equalFold(value, "in"),
		kind == "Identifier" && equalFold(value, "not"), kind == "Identifier" && equalFold(value, "matches"), kind == "Identifier" && equalFold(value, "contains"):
		hint = "write it in small letters: " + strings.ToLower(value)
	case kind == "String" || kind == "Number":
		hint = "an operator is missing: ==, contains, matches, in, &&, ||"
	case kind == "Identifier":
		ops := []string{"contains", "startsWith", "endsWith", "matches", "in", "and", "or", "not"}
		if n := strictyaml.Nearest(value, ops); n != "" {
			hint = fmt.Sprintf("did you mean %q?", n)
		} else if strings.HasPrefix(value, "start") || strings.HasPrefix(value, "begin") {
			hint = `did you mean "startsWith"?`
		} else {
			hint = "an operator is missing: ==, contains, matches, in, &&, ||"
		}
	case value == ")" || value == "]":
		hint = "is the opening bracket missing?"
	}
	return fmt.Sprintf("%q is not expected here", value), hint
}

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }
