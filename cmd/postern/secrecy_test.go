package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// secrecyScale is how many messages the workload brings in, and the seed it starts from.
// A message costs some 20 ms of a core, its mails included, so every build takes 3 000 on
// SQLite, enough for everything to happen, and 1 000 on PostgreSQL. POSTERN_SECRECY="20000 4711"
// chooses both numbers for a long run.
func secrecyScale(t *testing.T, messages int) (int, uint64) {
	seed := uint64(4711)
	if env := os.Getenv("POSTERN_SECRECY"); env != "" {
		if _, err := fmt.Sscan(env, &messages, &seed); err != nil {
			t.Fatalf("POSTERN_SECRECY=%q: %v", env, err)
		}
	}
	return messages, seed
}

// D1 to D4 and D6: a random helpdesk of requesters, people in copy, agents of several queues,
// attackers and machines. Every mail that leaves is unsealed, and every canary in it is
// one that its reader may read, by a secretModel that knows who wrote what and why.
func TestNobodyReadsWhatIsNotForHim(t *testing.T) {
	databases(t, func(t *testing.T, url string) {
		few := 3000
		if strings.HasPrefix(url, "postgres") {
			few = 1000
		}
		messages, seed := secrecyScale(t, few)
		began := time.Now()
		o := newSecretOffice(t, url, seed)
		o.work(messages)
		o.books()
		if messages >= few && few > 1000 {
			o.covered()
		}
		t.Logf("seed %d: %d messages, %d mails, %d tickets in %s", seed, o.sent, o.mails, len(o.m.tickets), time.Since(began).Round(time.Second))
		var names []string
		for name := range o.acts {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			t.Log(strconv.Itoa(o.acts[name]), name)
		}
	})
}

// work lets people do things until enough messages have come in.
func (o *secretOffice) work(messages int) {
	all, total := everyHabit(), 0
	for _, a := range all {
		total += a.weight
	}
	for o.sent < messages {
		if len(o.todo) > 0 && o.chance(2) {
			do := o.todo[0]
			o.todo = o.todo[1:]
			do()
		} else {
			n := o.r.IntN(total)
			i := 0
			for ; n >= all[i].weight; i++ {
				n -= all[i].weight
			}
			if all[i].do(o) {
				o.acts["did: "+all[i].name]++
			}
		}
		if o.sent%8 == 0 || o.sent < 100 {
			o.pass()
		}
	}
	o.pass()
}

// everyHabit is all that people and machines do.
func everyHabit() []habit { return slices.Concat(habits, attacks, changes) }

// pass lets timers run and mail leave.
func (o *secretOffice) pass() {
	if _, err := o.house.desk.Tick(o.t.Context(), 100); err != nil {
		o.t.Fatal(err)
	}
	o.leave()
}

// covered: a workload that never did a thing proves nothing of it.
func (o *secretOffice) covered() {
	o.t.Helper()
	for _, a := range everyHabit() {
		if o.acts["did: "+a.name] == 0 {
			o.t.Errorf("nobody ever did: %s", a.name)
		}
	}
	for _, effect := range wantEffects {
		if o.acts[effect] == 0 {
			o.t.Errorf("it never came to: %s", effect)
		}
	}
}

// wantEffects are what must have come of the acts at least once.
var wantEffects = []string{"heard", "kept unverified", "copied in", "colleague copied in", "colleague heard", "answered", "note kept", "held", "confirmed",
	"mistake held", "released", "taken", "assigned", "moved", "watched", "resolved", "closed", "asked the requester", "spam", "ticket", "forged agent held",
	"bounced", "let in", "in copy by command", "out by command", "merged", "refused", "released with author", "requester changed", "revoked", "days passed"}
