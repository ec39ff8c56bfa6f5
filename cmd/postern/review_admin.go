package main

import (
	"fmt"
	"slices"
	"strings"

	"postern/tickets"
)

// admins reviews whom alarms are mailed to. An agent may be an admin; a queue may
// not, for an alarm that comes back as a ticket tells nobody.
func (r *review) admins() {
	c := r.cfg
	for i, a := range c.Admin {
		where := at("admin", i)
		if !r.address(where, a) {
			continue
		}
		same := func(b string) bool { return tickets.SameAddress(a, b) }
		if slices.ContainsFunc(c.Admin[:i], same) {
			r.say(where, fmt.Sprintf("%s is listed twice", a), "remove one of the two")
		}
		for _, q := range c.Queues {
			if slices.ContainsFunc(q.Addresses, same) {
				r.say(where, fmt.Sprintf("%s is an address of queue %q", a, q.Name), "an alarm must reach a person, not the helpdesk that sends it")
			}
		}
		_, domain, _ := strings.Cut(a, "@")
		if c.Reply.Domain != "" && strings.EqualFold(domain, c.Reply.Domain) {
			r.say(where, fmt.Sprintf("%s is on the reply domain of line %d", a, r.line("reply.domain")), "only signed addresses live there")
		}
	}
}
