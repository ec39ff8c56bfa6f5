package strictyaml

import (
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	day := 24 * time.Hour
	for s, want := range map[string]time.Duration{"0": 0, "3d": 3 * day, "1w": 7 * day, "2h30m": 150 * time.Minute, "1.5h": 90 * time.Minute, "250ms": 250 * time.Millisecond, "90s": 90 * time.Second} {
		got, err := ParseDuration(s)
		if got != want || err != nil {
			t.Errorf("%s = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "5", "-3d", "3 d", "d", "1y", "200000w", "99999999999999999999d", "1h-2m"} {
		if got, err := ParseDuration(s); err == nil {
			t.Errorf("%q was taken as %v", s, got)
		}
	}
	for d, want := range map[time.Duration]string{0: "0", 14 * day: "2w", 3 * day: "3d", 150 * time.Minute: "2h30m", 2 * time.Hour: "2h", 90 * time.Second: "1m30s", 10 * time.Minute: "10m"} {
		if got := Duration(d).String(); got != want {
			t.Errorf("%v is written %s, want %s", d, got, want)
		}
	}
}

func TestSizes(t *testing.T) {
	for s, want := range map[string]int64{"0": 0, "512": 512, "20MB": 20e6, "64MiB": 64 << 20, "1 GiB": 1 << 30, "4k": 4096, "7b": 7} {
		if got, err := ParseSize(s); got != want || err != nil {
			t.Errorf("%s = %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "MB", "-1", "1.5MB", "5 apples", "99999999999999999999", "9999999TiB"} {
		if got, err := ParseSize(s); err == nil {
			t.Errorf("%q was taken as %d", s, got)
		}
	}
	for n, want := range map[int64]string{0: "0", 512: "512", 64 << 20: "64MiB", 1 << 30: "1GiB", 1000: "1000"} {
		if got := Size(n).String(); got != want {
			t.Errorf("%d is written %s, want %s", n, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"queue", "assign", "priority", "tags", "on"}
	for word, want := range map[string]string{"queu": "queue", "Queue": "queue", "qeuue": "queue", "asign": "assign", "prioritty": "priority", "tag": "tags", "colour": "", "": ""} {
		if got := Nearest(word, known); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

// A mistake inside a scalar is shown where it stands, however it is quoted.
func TestAtFindsThePlaceInTheSource(t *testing.T) {
	for _, c := range []struct {
		name, src string
		line, col int
	}{
		{"plain", "when: aa == bad\n", 1, 13},
		{"single quotes", "when: 'it''s == bad'\n", 1, 17},
		{"double quotes", `when: "\"it\" == bad"` + "\n", 1, 18},
		{"block", "level: 1\nwhen: |\n    aa\n    && ä == bad\n", 4, 13},
		{"folded", "when: >-\n  aa\n  == bad\n", 3, 6},
		{"plain over lines", "when: aa\n  == bad\n", 2, 6},
	} {
		var v struct {
			When  where `yaml:"when"`
			Level int   `yaml:"level"`
		}
		if _, ps := Decode("f", []byte(c.src), &v); ps.Err() != nil {
			t.Errorf("%s: %v", c.name, ps)
		}
		if v.When.line != c.line || v.When.col != c.col {
			t.Errorf("%s: %d:%d, want %d:%d", c.name, v.When.line, v.When.col, c.line, c.col)
		}
	}
}

// where finds the word "bad" in a scalar.
type where struct{ line, col int }

func (w *where) UnmarshalNode(n *Node) {
	for i := range n.Text {
		if n.Text[i:] == "bad" || len(n.Text) > i+3 && n.Text[i:i+3] == "bad" {
			w.line, w.col = n.At(i)
		}
	}
}

// Keys may hold dots, as domains do; their values are found by the same path.
func TestPathsOfKeysWithDots(t *testing.T) {
	doc, ps := Decode("f", []byte("extra:\n  example.org: x\n"), new(config))
	if l, c := doc.Pos("extra.example.org"); ps.Err() != nil || l != 2 || c != 16 || !doc.Has("extra.example.org") || doc.Has("extra.example") {
		t.Errorf("%d:%d %v", l, c, ps)
	}
}
