package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"postern/tickets"
)

// conditions makes n different conditions as an admin with many customers has them.
func conditions(n int) []string {
	out := make([]string, n)
	for i := range out {
		switch i % 4 {
		case 0:
			out[i] = fmt.Sprintf(`from.domain == "customer%d.example" && subject contains "urgent"`, i)
		case 1:
			out[i] = fmt.Sprintf(`message.size > %d && subject matches "(?i)outage %d|down"`, i%500, i)
		case 2:
			out[i] = fmt.Sprintf(`header("X-Customer") in ["c%d", "d%d"] || any(message.to, .local == "box%d")`, i, i, i)
		case 3:
			out[i] = fmt.Sprintf(`sender.known && ticket.queue == "q%d" && hour < 8`, i)
		}
	}
	return out
}

func ruleText(conditions []string) string {
	var b strings.Builder
	b.WriteString("rules:\n")
	for i, c := range conditions {
		fmt.Fprintf(&b, "- name: r%d\n  when: |\n    %s\n  then: {tags: [t%d]}\n", i, c, i)
	}
	return b.String()
}

// bare is the same work by the expression library alone: the facts made into
// its environment, and every condition run.
type bare struct {
	programs []*vm.Program
	vars     vars
	vm       vm.VM
}

func newBare(t testing.TB, conditions []string) *bare {
	b := &bare{}
	shared := newTerms(Options{}) // as expr.Compile does it, but for one configuration
	for _, c := range conditions {
		tree, err := parser.ParseWithConfig(c, shared.config)
		if err != nil {
			t.Fatal(err)
		}
		p, err := shared.program(tree)
		if err != nil {
			t.Fatal(err)
		}
		b.programs = append(b.programs, p)
	}
	return b
}

func (b *bare) run(f tickets.Facts) (matched int) {
	b.vars.fill(&f, time.UTC)
	for _, p := range b.programs {
		if out, err := b.vm.Run(p, &b.vars); err == nil && out.(bool) {
			matched++
		}
	}
	return matched
}

// A message costs at most one and a half times what the expression library takes
// for the same conditions, with 100, 1 000 and 10 000 rules.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		cs := conditions(n)
		set, base := must(b, ruleText(cs)), newBare(b, cs)
		f := mail()
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				set.Decide(f)
			}
		})
		b.Run(fmt.Sprintf("bare=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				base.run(f)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	text := "version: 1\n" + ruleText(conditions(1000))
	for b.Loop() {
		if _, p := Compile([]File{{"b.yaml", []byte(text)}}, Options{}); p.Err() != nil {
			b.Fatal(p)
		}
	}
}

// The ratio of the benchmark as a promise. Both are measured in turns and the best
// round counts, so that a busy machine slows both alike.
func TestDecideCostsAtMostHalfMoreThanBareExpr(t *testing.T) {
	for _, n := range []int{100, 1000, 10_000} {
		cs := conditions(n)
		set, base := must(t, ruleText(cs)), newBare(t, cs)
		f := mail()
		if got, want := len(set.Decide(f).Actions), base.run(f); got != min(want, MaxActions) {
			t.Fatalf("%d rules: %d matched, bare expr %d", n, got, want)
		}
		ratio := 99.0
		for try := 0; try < 3 && ratio > 1.5; try++ {
			ratio = compare(func() { set.Decide(f) }, func() { base.run(f) }, 10_000/n)
		}
		t.Logf("%d rules: %.2f times bare expr", n, ratio)
		if ratio > 1.5 {
			t.Errorf("%d rules cost %.2f times bare expr", n, ratio)
		}
	}
}

// compare is the time of a over that of b, each the best of some rounds.
func compare(a, b func(), rounds int) float64 {
	best := [2]time.Duration{time.Hour, time.Hour}
	for range max(rounds, 10) {
		for i, f := range []func(){a, b} {
			start := time.Now()
			f()
			best[i] = min(best[i], time.Since(start))
		}
	}
	return float64(best[0]) / float64(best[1])
}

// What a decision allocates does not grow with the message.
func TestAllocationsDoNotGrowWithTheMessage(t *testing.T) {
	set := must(t, ruleText(conditions(100)))
	small, large := mail(), mail()
	large.Message.Text = strings.Repeat("words ", 10_000)
	for range 500 {
		large.Message.Headers = append(large.Message.Headers, tickets.HeaderFacts{Name: "X-Long", Value: strings.Repeat("v", 500)})
	}
	cost := func(f tickets.Facts) float64 { return testing.AllocsPerRun(20, func() { set.Decide(f) }) }
	cost(large)
	if a, b := cost(small), cost(large); b > a+5 {
		t.Errorf("%.0f allocations for a small message, %.0f for a large one", a, b)
	}
}
