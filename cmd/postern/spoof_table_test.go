package main

import (
	"strings"

	"postern/tickets"
)

// The tables of the spoof matrix: who a mail pretends to be from, with which reply
// address, with which evidence, and with which words. What is due for a cell says due,
// from these tables and the policy alone.

// who is whom From names, as far as the attacked ticket is concerned.
type who int

const (
	nobody    who = iota // a broken or doubled From
	stranger             // takes no part, is no agent
	requester            // ann, whose ticket it is
	copied               // dan, in CC
	elsewhere            // carol, requester of another ticket
	agent                // bob, who works the queue
	outsider             // carl, an agent of another queue
)

// forgery is a way to pretend to be somebody: the header lines beside To, Subject,
// Message-ID, and what we answer.
type forgery struct {
	id, from string
	who      who
	headers  []string
	envelope string // the sender of the envelope, when it tells something
	stamped  string // results that our own server adds whatever else it stamps
	// weak: a signature of From's domain leaves something open, or the Message-ID was
	// seen before: what only a signature proves makes no agent.
	weak bool
	auto bool // written by a machine
	// deceives: it bears a field in our server's name that our server did not write. Then
	// no header field proves anything, and no reply address (policy section 4).
	deceives bool
	id2      bool // it bears the Message-ID of the agent's old reply
	// honest: nothing but the evidence may be wrong with it.
	honest bool
}

const (
	bobAddress  = "bob@example.org"
	passesAll   = "auth=pass smtp.auth=bob@example.org; dmarc=pass header.from=example.org; dkim=pass header.d=example.org"
	forgedField = "Authentication-Results: mx.example.org; " + passesAll
)

// forgeries are catalogue group I; the last six are honest people and machines.
var forgeries = []forgery{
	{id: "I01", from: bobAddress, who: agent},
	{id: "I02", from: bobAddress, who: agent, envelope: "eve@evil.example", stamped: "spf=pass smtp.mailfrom=evil.example"},
	{id: "I03", from: bobAddress, who: agent, stamped: "dkim=pass header.d=evil.example",
		headers: []string{"DKIM-Signature: v=1; a=rsa-sha256; d=evil.example; s=x; h=from:to; bh=eA==; b=eA=="}},
	{id: "I04", from: bobAddress, who: agent, deceives: true, headers: []string{
		"Authentication-Results: mx.evil.example; " + passesAll,
		"ARC-Authentication-Results: i=1; mx.example.org; " + passesAll,
		"Received: from evil.example by relay.evil.example; Mon, 2 Mar 2026 08:00:00 +0000", forgedField}},
	{id: "I05", from: "Bob Brown <b.brown@example.org>", who: agent, headers: []string{"X-Postern-Agent: bob", "X-Postern-Level: L2"}},
	{id: "I06", from: "eve@evil.example", who: stranger},
	{id: "I07", from: "carol@example.net", who: elsewhere},
	{id: "I08", from: "Carol <carol@example.net>", who: elsewhere, headers: []string{"X-Ticket: [IT #1]"}},
	{id: "I09", from: bobAddress, who: agent, weak: true, id2: true},
	{id: "I10 second From", from: bobAddress, who: nobody, headers: []string{"From: eve@evil.example"}},
	{id: "I10 two addresses", from: "bob@example.org, eve@evil.example", who: nobody},
	{id: "I10 l=", from: bobAddress, who: agent, weak: true,
		headers: []string{"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=x; h=from:to; l=10; bh=eA==; b=eA=="}},
	{id: "I11 longer", from: "bob@example.org.evil.example", who: stranger},
	{id: "I11 below", from: "bob@sub.example.org", who: stranger},
	{id: "I11 alike", from: "\"bob@example.org\" <bob@examp1e.org>", who: stranger},
	{id: "I12", from: bobAddress, who: agent, envelope: bobAddress, stamped: "spf=pass smtp.mailfrom=bob@example.org"},
	{id: "I13", from: "Bob via list <list@lists.example>", who: stranger, headers: []string{"Reply-To: bob@example.org", "List-Id: <list.lists.example>"}},
	{id: "I14", from: "Ann Smith <ann@home.example>", who: stranger},
	{id: "I15", from: "eve@evil.example", who: stranger,
		headers: []string{"Sender: bob@example.org", "On-Behalf-Of: bob@example.org", "Reply-To: bob@example.org", "Return-Path: <bob@example.org>"}},
	{id: "I16", from: "no-reply@slack.example", who: stranger, auto: true, headers: []string{"Auto-Submitted: auto-generated"}},
	{id: "I17", from: "no-reply@slack.example", who: stranger, headers: []string{"Cc: eve@evil.example"}},
	{id: "ann", from: "Ann Smith <ann@example.net>", who: requester, honest: true},
	{id: "dan", from: "dan@example.net", who: copied, honest: true},
	{id: "bob", from: "Bob Brown <bob@example.org>", who: agent, honest: true},
	{id: "carl", from: "carl@example.org", who: outsider, honest: true},
	{id: "bob's machine", from: bobAddress, who: agent, auto: true, headers: []string{"Auto-Submitted: auto-replied"}},
	{id: "ann's machine", from: "ann@example.net", who: requester, auto: true, headers: []string{"Auto-Submitted: auto-replied"}},
}

// A pass is what a reply address is worth.
type pass struct {
	name string
	// his: issued to this very sender, current and for replies: it proves a participant.
	his bool
	// bad: no token of ours, so that the door refuses the address.
	bad bool
}

var passes = []pass{
	{name: "none"},
	{name: "his own", his: true},
	{name: "retired key", his: true},
	{name: "somebody else's"},
	{name: "revoked"},
	{name: "wrong MAC", bad: true},
	{name: "unknown key", bad: true},
	{name: "other ticket"},
	{name: "for notes"},
	{name: "for bounces"},
	{name: "removed"},
	{name: "from an address book", his: true},
}

// strength is what the evidence of a mail itself is worth.
type strength int

const (
	proves   strength = iota // a session, or what only our own server writes
	signs                    // a signature that covers all, fresh, sent to us
	covers                   // dmarc=pass, but no signature that makes an agent
	silent                   // neither for nor against
	fails                    // a trusted verdict says fail
	login                    // a login as the agent whom From names
	repeated                 // a mail that was here before
)

// evidence is how a mail is stamped and brought. %d stands for the domain of From, %a
// for its address; signature is the field's tags, when there is one.
type evidence struct {
	name      string
	strength  strength
	stamp     string // of our own server
	signature string
	headers   []string // below our stamp
	arrive    func(*tickets.Arrival, string)
	days      int // age of the mail
	deceives  bool
}

const (
	allPass   = "dmarc=pass header.from=%d; dkim=pass header.d=%d"
	wholeSign = "h=from:to:cc:subject:date:message-id:in-reply-to:references"
)

func marker(above int) func(*tickets.Arrival, string) {
	return func(a *tickets.Arrival, _ string) {
		a.Trust.Marker = &tickets.Marker{Name: "X-Internal", Value: "secret-word", Above: above}
	}
}

func loginAs(name string) func(*tickets.Arrival, string) {
	return func(a *tickets.Arrival, self string) {
		a.Role, a.Via, a.AuthAgent = tickets.RoleSubmission, tickets.ViaSMTP, name
		if name == "" {
			a.AuthAgent = self
		}
	}
}

var evidences = []evidence{
	{name: "none", strength: silent},
	{name: "dmarc and dkim", strength: signs, stamp: allPass, signature: wholeSign},
	{name: "dmarc without dkim", strength: covers, stamp: "spf=pass smtp.mailfrom=%d; dmarc=pass header.from=%d"},
	{name: "dkim unaligned", strength: silent, stamp: "dkim=pass header.d=evil.example"},
	{name: "spf only", strength: silent, stamp: "spf=pass smtp.mailfrom=%a"},
	{name: "dmarc fail", strength: fails, stamp: "dmarc=fail header.from=%d"},
	{name: "untrusted server", strength: silent, headers: []string{"Authentication-Results: mx.evil.example; " + allPass}},
	{name: "forged below", strength: silent, deceives: true, headers: []string{"Received: from evil.example by mx.example.org; Mon, 2 Mar 2026 08:00:00 +0000", "Authentication-Results: mx.example.org; " + allPass}},
	{name: "two in mode single", strength: silent, stamp: allPass, headers: []string{"Authentication-Results: mx.example.org; " + allPass},
		arrive: func(a *tickets.Arrival, _ string) { a.Trust.Mode = "single" }},
	{name: "arc only", strength: silent, headers: []string{"ARC-Seal: i=1; cv=pass; d=mx.example.org", "ARC-Authentication-Results: i=1; mx.example.org; " + allPass}},
	{name: "login as another", strength: silent, arrive: loginAs("bea")},
	{name: "login", strength: login, arrive: loginAs("")},
	{name: "marker", strength: proves, headers: []string{"X-Internal: secret-word"}, arrive: marker(0)},
	{name: "marker below", strength: silent, headers: []string{"Received: from evil.example by mx.example.org; Mon, 2 Mar 2026 08:00:00 +0000", "X-Internal: secret-word"}, arrive: marker(0)},
	{name: "marker guessed", strength: silent, headers: []string{"X-Internal: secret"}, arrive: marker(0)},
	{name: "trusted peer", strength: proves, arrive: func(a *tickets.Arrival, _ string) {
		a.Role, a.Via, a.TrustedPeer = tickets.RoleSubmission, tickets.ViaSMTP, true
	}},
	{name: "replay", strength: repeated, stamp: allPass, signature: wholeSign},
	{name: "To unsigned", strength: covers, stamp: allPass, signature: "h=from:subject:date:message-id:in-reply-to:references"},
	{name: "body half signed", strength: covers, stamp: allPass, signature: wholeSign + "; l=3"},
	{name: "six days old", strength: covers, stamp: allPass, signature: wholeSign, days: 6},
	{name: "sent to another", strength: covers, stamp: allPass, signature: wholeSign, headers: []string{"X-To-Another: yes"}},
}

// wordings are what the mail says, and whether the ticket is resolved before.
var wordings = []struct {
	text     string
	resolved bool
}{
	{"#resolve\n\n%c for the requester", false},
	{"#note\n\n%c among us", true},
	{"#close\n\n%c and thanks to nobody", true},
	{"%c in plain words", true},
}

// due is the level that the policy gives a cell of the matrix on the ticket it belongs
// to (policy section 4): L0 for all who may do nothing there.
func due(f forgery, p pass, e evidence) tickets.Level {
	session := e.name == "trusted peer" || e.strength == login && (f.who == agent || f.who == outsider)
	itself := session || e.strength == proves || e.strength == signs
	switch {
	case (f.deceives || e.deceives) && !session:
		return tickets.L0
	case f.auto || f.who == nobody || e.strength == repeated:
		return tickets.L0
	case f.who == agent || f.who == outsider:
		if itself && !(f.weak && e.strength == signs) {
			return tickets.L2
		}
		return tickets.L0
	case f.who == elsewhere && p.name == "other ticket", // it is her own
		(f.who == requester || f.who == copied) && p.name != "other ticket" && !(p.name == "removed"):
		if itself || e.strength == covers || p.his && e.strength != fails {
			return tickets.L1
		}
		if f.who == elsewhere && e.strength != fails {
			return tickets.L1 // her own address on her own ticket
		}
	}
	return tickets.L0
}

// address is the bare address of a forgery's From.
func (f forgery) address() string {
	a, _, _ := strings.Cut(f.from, ", ")
	if _, rest, ok := strings.Cut(a, "<"); ok {
		a = strings.TrimSuffix(rest, ">")
	}
	return a
}
