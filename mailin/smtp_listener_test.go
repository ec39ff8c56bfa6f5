package mailin

import (
	"testing"
	"testing/synctest"

	"postern/tickets"
)

// A message answered 250 is at the desk, with everything the wire knew of it.
func TestMessageAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		_, pl := serve(t, d, nil)
		k := call(t, pl)
		k.deliver("250 ", letter)
		k.ask("221 ", "QUIT")
		a := d.last()
		if d.bodies[a.Key] != letter {
			t.Errorf("stored %q", d.bodies[a.Key])
		}
		if a.Via != tickets.ViaSMTP || a.Role != tickets.RoleMX || a.Source != "mx" || a.Peer != "198.51.100.7" ||
			a.Helo != "client.example.net" || *a.From != "ann@example.net" || a.To[0] != "help@example.org" ||
			a.Queue != "it" || a.KeyFor != 0 || a.At != d.now || a.TLS || a.TrustedPeer {
			t.Errorf("arrival %+v", a)
		}
	})
}
