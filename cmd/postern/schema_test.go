package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// schema is the part of JSON Schema that docs/inspect.schema.json uses.
type schema struct {
	Type       string             `json:"type"`
	Required   []string           `json:"required"`
	Properties map[string]*schema `json:"properties"`
	Items      *schema            `json:"items"`
	AnyOf      []*schema          `json:"anyOf"`
	Enum       []string           `json:"enum"`
	Pattern    string             `json:"pattern"`
	Ref        string             `json:"$ref"`
	Defs       map[string]*schema `json:"$defs"`
}

func inspectSchema(t *testing.T) *schema {
	t.Helper()
	src, err := os.ReadFile("../../docs/inspect.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(src, &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// mistakes lists where a value breaks the schema s of root.
func (root *schema) mistakes(s *schema, path string, v any) (out []string) {
	if name, is := strings.CutPrefix(s.Ref, "#/$defs/"); is {
		return root.mistakes(root.Defs[name], path, v)
	}
	if len(s.AnyOf) > 0 && !slices.ContainsFunc(s.AnyOf, func(a *schema) bool { return len(root.mistakes(a, path, v)) == 0 }) {
		return []string{path + " is none of the choices"}
	}
	if got := typeOf(v); s.Type != "" && got != s.Type && (got != "integer" || s.Type != "number") {
		return []string{fmt.Sprintf("%s is %s, not %s", path, got, s.Type)}
	}
	switch v := v.(type) {
	case string:
		if s.Enum != nil && !slices.Contains(s.Enum, v) || s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(v) {
			out = append(out, fmt.Sprintf("%s cannot be %q", path, v))
		}
	case []any:
		for i, item := range v {
			out = append(out, root.mistakes(s.Items, fmt.Sprintf("%s[%d]", path, i), item)...)
		}
	case map[string]any:
		for _, key := range s.Required {
			if _, has := v[key]; !has {
				out = append(out, path+"."+key+" is missing")
			}
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if s.Properties == nil {
				continue
			}
			if p := s.Properties[key]; p != nil {
				out = append(out, root.mistakes(p, path+"."+key, v[key])...)
			} else {
				out = append(out, path+"."+key+" is unknown")
			}
		}
	}
	return out
}

func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	}
	return "object"
}

// decode reads JSON as plain values.
func decode(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// The checker itself sees what is wrong.
func TestSchemaCatchesMistakes(t *testing.T) {
	s := inspectSchema(t)
	good := decode(t, postern(t, "Subject: x\n\nbody\n", "inspect", "--json", "-").out).(map[string]any)
	for name, spoil := range map[string]func(map[string]any){
		"a key missing":   func(m map[string]any) { delete(m, "bounce") },
		"a key too many":  func(m map[string]any) { m["bcc"] = []any{} },
		"null for a list": func(m map[string]any) { m["references"] = nil },
		"a kind unknown":  func(m map[string]any) { m["kind"] = "spam" },
		"a date not UTC":  func(m map[string]any) { m["date"] = "2026-01-01T00:00:00+01:00" },
		"a bad address":   func(m map[string]any) { m["from"] = []any{map[string]any{"name": "x"}} },
	} {
		bad := maps.Clone(good)
		spoil(bad)
		if len(s.mistakes(s, "", bad)) == 0 {
			t.Errorf("not seen: %s", name)
		}
	}
	if m := s.mistakes(s, "", good); len(m) > 0 {
		t.Error(m)
	}
}
