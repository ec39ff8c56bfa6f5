package automail

import "strings"

// nobody are the local parts that say "do not answer", with their signs taken out,
// in the languages that use one.
var nobody = []string{"noreply", "donotreply", "dontreply", "noresponse", "nepasrepondre", "nichtantworten", "bittenichtantworten", "keineantwort",
	"noresponder", "norespondas", "noresponda", "naoresponda", "naoresponder", "nonrispondere", "nietbeantwoorden", "nieodpowiadaj",
	"neodpovidat", "neodpovidejte", "svarainte", "svarikke", "ikkesvar", "eivastausta", "alavastaa", "yanitlamayin", "neotvechaite", "unattended"}

// machines are the local parts behind which no one answers.
var machines = map[string]bool{"postmaster": true, "majordomo": true, "listserv": true, "root": true, "mailerdaemon": true}

// sender asks the addresses of From, and those of Sender for mail that lists sent.
func (j *judge) sender() {
	for _, a := range j.From {
		local := localPart(first(a.Addr, a.Name))
		if strings.Contains(squeezed(local), "mailerdaemon") {
			j.auto("From: %s", first(a.Addr, a.Name))
			return
		}
		if machineLocal(local) {
			j.machine = first(j.machine, "From: "+first(a.Addr, a.Name))
			j.quiet("From: %s", first(a.Addr, a.Name))
		}
	}
	for _, h := range j.Headers {
		if strings.EqualFold(h.Name, "Sender") && machineLocal(localPart(bare(h.Value))) {
			j.machine = first(j.machine, "Sender: "+h.Value)
		}
	}
}

// machineLocal says that a local part is one of a list, a robot or nobody.
func machineLocal(local string) bool {
	s := squeezed(local)
	if machines[s] || strings.HasPrefix(s, "bounce") || strings.HasPrefix(local, "owner-") || strings.HasSuffix(local, "-request") ||
		strings.HasPrefix(local, "owner+") || strings.HasSuffix(local, "-owner") || strings.HasSuffix(local, "-bounces") {
		return true
	}
	for _, n := range nobody {
		if strings.HasPrefix(s, n) || strings.HasSuffix(s, n) {
			return true
		}
	}
	return false
}

// localPart is the part of an address before its last @, lower case.
func localPart(addr string) string {
	if i := strings.LastIndexByte(addr, '@'); i >= 0 {
		addr = addr[:i]
	}
	return strings.ToLower(strings.TrimSpace(addr))
}

// squeezed takes the signs out of a local part: no-reply, no_reply and no.reply are one.
func squeezed(local string) string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune("-_. '", c) {
			return -1
		}
		return c
	}, strings.ToLower(local))
}

// bare is the address in "Name <address>".
func bare(s string) string {
	if i := strings.LastIndexByte(s, '<'); i >= 0 {
		s, _, _ = strings.Cut(s[i+1:], ">")
	}
	return s
}
