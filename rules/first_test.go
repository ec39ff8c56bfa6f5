package rules

import "testing"

func TestDefaultLoads(t *testing.T) {
	s, p := LoadDefault(Options{})
	if p.Err() != nil {
		t.Fatal(p)
	}
	t.Log(s.Len(), s.Version())
}
