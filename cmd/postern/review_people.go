package main

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"postern/rules/strictyaml"
	"postern/tickets"
)

// languages are those in which postern reads and writes mail (ISO 639-1).
var languages = []string{"en", "de", "fr", "es", "it", "nl", "pt", "pl", "ru", "uk",
	"cs", "hu", "sv", "da", "nb", "fi", "tr", "zh", "ja", "ko"}

// longestWindow bounds a reopen window: ten years are a mistake of units.
const longestWindow = strictyaml.Duration(10 * 365 * 24 * time.Hour)

func (r *review) queues() {
	if len(r.cfg.Queues) == 0 {
		r.missing("", "there is no queue", "a helpdesk needs one address at least; see: postern help config")
	}
	r.unique("queues", r.queueNames(), func(i int) string { return at("queues", i, "name") })
	for i := range r.cfg.Queues {
		r.queue(at("queues", i), &r.cfg.Queues[i])
	}
}

func (r *review) queue(path string, q *QueueConfig) {
	r.name(path, "queue", q.Name)
	if len(q.Addresses) == 0 {
		r.missing(path, fmt.Sprintf("queue %q has no address", q.Name), "add: addresses: [help@example.org]")
	}
	r.addressList(path, q.Addresses)
	r.agentList(path, q.Agents)
	r.words(path+".display", q.Display)
	if strings.ContainsAny(q.Tag, "[]#") || strings.TrimSpace(q.Tag) != q.Tag || len(q.Tag) > 32 {
		r.say(path+".tag", fmt.Sprintf("tag cannot be %q", q.Tag), "write the word alone, such as IT; the mails show [IT #42]")
	}
	r.words(path+".tag", q.Tag)
	r.file(path+".templates", &q.Templates, true)
	if q.Language == "" {
		q.Language = "en"
	}
	r.known(path+".language", "language", q.Language, languages)
	r.zone(path+".zone", &q.Zone)
	if _, err := time.Parse("15:04", q.Digest); q.Digest != "" && err != nil {
		r.say(path+".digest", fmt.Sprintf("%q is no time of day", q.Digest), `write hours and minutes: "08:00"; leave the line out for no morning list`)
	}
	r.known(path+".relay", "relay", q.Relay, r.relayNames())
	if q.ReopenWindow == 0 && !r.doc.Has(path+".reopen_window") {
		q.ReopenWindow = strictyaml.Duration(14 * 24 * time.Hour)
	}
	if q.ReopenWindow > longestWindow {
		r.say(path+".reopen_window", "a reopen window of more than ten years", "write days as d and weeks as w: 14d, 2w")
	}
}

// name reviews the name of a thing that has to have one.
func (r *review) name(path, what, name string) {
	if r.required(path, what+" name", name, "add: name: WORD") && !word.MatchString(name) {
		r.say(path+".name", fmt.Sprintf("a %s cannot be named %q", what, name), "one word of letters, digits, dots and dashes, at most 64")
	}
}

// words refuses line breaks and other control characters in what will stand in a header.
func (r *review) words(path, s string) {
	if oneLine(s) != s || len(s) > 200 {
		r.say(path, last(path)+" must be one short line of plain text", "remove line breaks, double spaces and control characters")
	}
}

func (r *review) zone(path string, name *string) {
	if *name == "" {
		*name = "UTC"
	}
	if _, err := time.LoadLocation(*name); err != nil || *name == "Local" {
		r.say(path, fmt.Sprintf("there is no time zone %q", *name), zoneHint(*name))
	}
}

// commonZones serve for hints only.
var commonZones = []string{"UTC", "Europe/Berlin", "Europe/London", "Europe/Paris", "Europe/Madrid", "Europe/Rome",
	"Europe/Vienna", "Europe/Zurich", "Europe/Warsaw", "America/New_York", "America/Chicago", "America/Los_Angeles", "Asia/Tokyo"}

func zoneHint(name string) string {
	if n := strictyaml.Nearest(name, commonZones); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	return "write the name of the tz database, such as Europe/Berlin or UTC"
}

func (r *review) agentList(path string, agents []string) {
	for i, a := range agents {
		where := at(path+".agents", i)
		r.known(where, "agent", a, r.agentNames())
		if slices.ContainsFunc(agents[:i], func(b string) bool { return strings.EqualFold(a, b) }) {
			r.say(where, fmt.Sprintf("agent %q is listed twice", a), "remove one of the two")
		}
	}
}

func (r *review) agents() {
	r.unique("agents", r.agentNames(), func(i int) string { return at("agents", i, "name") })
	for i, a := range r.cfg.Agents {
		path := at("agents", i)
		r.name(path, "agent", a.Name)
		r.notReserved(path+".name", a.Name)
		if len(a.Addresses) == 0 {
			r.missing(path, fmt.Sprintf("agent %q has no address", a.Name), "add: addresses: [name@example.org]; the first is the registered one")
		}
		r.words(path+".display", a.Display)
		r.addressList(path, a.Addresses)
		r.known(path+".language", "language", a.Language, languages)
		r.passwordHash(path+".password_hash", a.PasswordHash)
	}
}

// Words that commands and rules give a meaning of their own where an agent could be named.
var (
	commandWords = []string{"me", "none"}
	groupWords   = []string{"agents", "assignee", "watchers", "queue", "requester", "participants"}
)

func (r *review) notReserved(path, name string) {
	switch name = strings.ToLower(name); {
	case slices.Contains(commandWords, name):
		r.say(path, fmt.Sprintf("an agent cannot be named %q", name), "the commands #assign me and #assign none need the word")
	case slices.Contains(groupWords, name):
		r.say(path, fmt.Sprintf("an agent cannot be named %q", name), "in rules the word means a group: "+strings.Join(groupWords, ", "))
	}
}

func (r *review) passwordHash(path, hash string) {
	if hash == "" {
		return
	}
	if err := checkHash(hash); err != nil {
		r.say(path, "this is not an argon2id hash: "+err.Error(), "postern password makes one; a password itself never stands in this file")
	}
}

// addressList reviews the addresses of a queue or agent; each belongs to one of them only.
func (r *review) addressList(path string, list []string) {
	for i, a := range list {
		where := at(path+".addresses", i)
		if !r.address(where, a) {
			continue
		}
		key := tickets.AddressKey(a)
		if first, taken := r.addresses[key]; taken {
			r.say(where, fmt.Sprintf("%s is given twice; the first is on line %d, %s", a, r.line(first), r.owner(first)),
				"an address belongs to one queue or one agent")
			continue
		}
		r.addresses[key] = where
	}
}

// owner names whose address stands at a path: `of queue "it"`.
func (r *review) owner(path string) string {
	var i, j int
	if n, _ := fmt.Sscanf(path, "queues[%d].addresses[%d]", &i, &j); n == 2 {
		return fmt.Sprintf("of queue %q", r.cfg.Queues[i].Name)
	}
	if n, _ := fmt.Sscanf(path, "agents[%d].addresses[%d]", &i, &j); n == 2 {
		return fmt.Sprintf("of agent %q", r.cfg.Agents[i].Name)
	}
	return "elsewhere"
}

// address tells when a text is not one bare address.
func (r *review) address(path, a string) bool {
	got, err := mail.ParseAddress(a)
	local, domain, _ := strings.Cut(a, "@")
	switch {
	case err != nil || got.Name != "" || got.Address != a || strings.ContainsAny(a, "<>\" "):
		r.say(path, fmt.Sprintf("%q is not an address", a), "write it bare: help@example.org")
	case strings.IndexFunc(a, func(c rune) bool { return c > 126 }) >= 0:
		r.say(path, fmt.Sprintf("%q is not an ASCII address", a), asciiHint(local, domain))
	case len(local) > 64 || len(domain) > 253:
		r.say(path, "this address is longer than mail allows", "at most 64 characters before the @ and 253 behind it")
	default:
		return true
	}
	return false
}

// asciiHint writes the domain of an address as servers know it.
func asciiHint(local, domain string) string {
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || strings.IndexFunc(local, func(c rune) bool { return c > 126 }) >= 0 {
		return "not every mail server takes others; use an address of letters, digits, dots and dashes"
	}
	return "write " + local + "@" + ascii
}

// onReplyDomain refuses people's addresses where nothing but signed ones may live.
func (r *review) onReplyDomain() {
	for i, q := range r.cfg.Queues {
		for j, a := range q.Addresses {
			_, domain, _ := strings.Cut(a, "@")
			if strings.EqualFold(domain, r.cfg.Reply.Domain) {
				r.say(at(at("queues", i)+".addresses", j), fmt.Sprintf("%s is on the reply domain of line %d", a, r.line("reply.domain")),
					"only signed addresses live there; use a subdomain such as reply."+domain)
			}
		}
	}
}

// reply reviews the form of signed addresses: a token must fit into every one of them.
func (r *review) reply() {
	c := r.cfg
	if c.Reply.Domain != "" {
		r.host("reply.domain", c.Reply.Domain)
		r.onReplyDomain()
		return
	}
	if c.Reply.Plus != nil && !*c.Reply.Plus {
		return
	}
	for i, q := range c.Queues {
		if len(q.Addresses) == 0 {
			continue
		}
		local, _, _ := strings.Cut(q.Addresses[0], "@")
		if n := len(local) + 1 + tickets.TokenLen; n > 64 {
			r.say(at(at("queues", i)+".addresses", 0), fmt.Sprintf("the signed address %s+TOKEN would have %d characters before the @; mail allows 64", local, n),
				fmt.Sprintf("use a name of at most %d characters, or set reply.domain", 63-tickets.TokenLen))
		}
	}
}
