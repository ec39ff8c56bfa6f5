package maillab_test

import (
	"testing"

	"postern/cmd/maillab"
)

var users = map[string]string{"ann@example.net": "ann's secret", "bob@example.org": "bob's"}

func TestDovecot_starts(t *testing.T) {
	d := maillab.StartDovecot(t, maillab.DovecotOptions{Users: users})
	t.Log(d.Log())
}
