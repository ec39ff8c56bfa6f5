package main

import (
	"fmt"
	"regexp"
	"strings"

	"postern/tickets"
)

var fieldName = regexp.MustCompile(`^[!-9;-~]+$`) // RFC 5322 section 2.2

// maxTrustFields bounds fields: a checker of signatures, of senders and of DMARC, and one more.
const maxTrustFields = 4

// maxTrustHops bounds received_above: nobody runs that many servers of his own.
const maxTrustHops = 20

// trust reviews what headers of a source's mail prove.
func (r *review) trust(path string, t TrustConfig) {
	if strings.HasPrefix(path, "listeners[") && r.doc.Has(path) {
		r.trustRole(path)
	}
	if t.Mode != "" {
		r.oneOf(path+".mode", &t.Mode, "boundary", "single")
	}
	switch {
	case len(t.AuthservIDs) > 0 && t.Mode == "":
		r.missing(path+".authserv_ids", "authserv_ids without mode", "add: mode: boundary")
	case len(t.AuthservIDs) == 0 && t.Mode != "":
		r.missing(path+".mode", "mode without authserv_ids", "add: authserv_ids: [mx.example.org], the name your server writes into Authentication-Results")
	}
	for i, id := range t.AuthservIDs {
		if id == "" || strings.ContainsAny(id, " ;\t") {
			r.say(at(path+".authserv_ids", i), fmt.Sprintf("an authserv-id cannot be %q", id), "it is the first word of the Authentication-Results field, without the semicolon")
		}
	}
	r.hops(path+".received_above", t.ReceivedAbove)
	if t.Fields < 0 || t.Fields > maxTrustFields {
		r.say(path+".fields", fmt.Sprintf("fields cannot be %d", t.Fields), fmt.Sprintf("count the fields your own servers write into one mail: 1 to %d", maxTrustFields))
	}
	if t.Marker != nil {
		r.marker(path+".marker", *t.Marker)
	}
}

// trustRole refuses header evidence where strangers write all headers themselves.
func (r *review) trustRole(path string) {
	var i int
	fmt.Sscanf(path, "listeners[%d]", &i)
	if role := r.cfg.Listeners[i].Role; role == string(tickets.RoleMX) {
		r.say(path, "trust on a listener with role mx", "strangers connect there and could write these headers themselves; trust needs a server of ours in front: role: mta")
	}
}

func (r *review) hops(path string, n int) {
	if n < 0 || n > maxTrustHops {
		r.say(path, fmt.Sprintf("received_above cannot be %d", n), fmt.Sprintf("count the Received fields your own servers add above the field: 0 to %d", maxTrustHops))
	}
}

func (r *review) marker(path string, m MarkerConfig) {
	switch {
	case m.Header == "":
		r.missing(path, "a marker needs a header", "name the header your server sets for senders who logged in")
	case !fieldName.MatchString(m.Header):
		r.say(path+".header", fmt.Sprintf("%q is not the name of a header field", m.Header), "write it without colon: X-Internal-Sender")
	case strings.HasPrefix(strings.ToLower(m.Header), "x-postern-"):
		r.say(path+".header", "X-Postern- headers from outside are ignored", "choose another name in your mail server")
	}
	if m.Value == "" {
		r.missing(path, "a marker needs a value", "the exact value; %a stands for the address in From")
	}
	r.hops(path+".received_above", m.ReceivedAbove)
}
