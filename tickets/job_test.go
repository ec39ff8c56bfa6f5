package tickets

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// The ledger keeps no words and no addresses of a command, carried out or not.
func TestLedgerKeepsNoWords(t *testing.T) {
	const secret = "ann@example.net"
	for word := range private {
		c := Command{1, word, secret, "#" + word + " " + secret}
		if run := (deed{cmd: c, did: "x " + secret, book: "done"}).booked(); strings.Contains(fmt.Sprint(run), secret) {
			t.Errorf("#%s is booked as %+v", word, run)
		}
		problem := fmt.Errorf("x: %w", &BlockError{c.Line, secret + " is no address", ""})
		if why := withoutWords(problem); strings.Contains(why, secret) || !strings.Contains(why, "#"+word) {
			t.Errorf("#%s is refused as %q", word, why)
		}
	}
	plain := &BlockError{"#take", "why", ""}
	if why := withoutWords(plain); why != plain.Error() {
		t.Errorf("an ordinary command is refused as %q", why)
	}
	if why := withoutWords(errors.New("other")); why != "other" {
		t.Errorf("another error is %q", why)
	}
}

// Every word of the list is planned by somebody: none is accepted and then unknown.
func TestEveryWordIsPlanned(t *testing.T) {
	a := actorIs{"bob", noon, testSettings()}
	for _, word := range Words() {
		if _, ok := seekers[word]; ok {
			continue
		}
		if _, err := a.one(Command{1, word, "", "#" + word}, Ticket{Queue: "it"}); err != nil && strings.Contains(err.Error(), "there is no command") {
			t.Errorf("#%s: %v", word, err)
		}
	}
}
