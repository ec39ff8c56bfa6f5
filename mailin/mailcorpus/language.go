// Package mailcorpus writes mail as the mail programs of the world write it, for
// tests: replies, forwards, out-of-office answers and bounces, by program,
// language and posting style. It is deterministic and knows nothing of how mail
// is read.
//
// One cell in five, chosen by a hash of its name, is held out: rules are tuned on
// the others only, so that the held-out ones show how mail fares that nobody saw.
package mailcorpus

import "strings"

// Language is what programs write in one language around people's words.
type Language struct {
	Code string // ISO 639-1
	name string // of the other correspondent
	own  string // what the writer says, paragraphs by "|"
	orig string // what he answers
	yes  string // his answer to the first half, when he answers between the lines
	more string // and to the second

	gmail, apple, bird, k9, yahoo                string // attribution lines
	labels                                       string // From|Sent|To|Subject|Date
	outlookDate, notesDate, gmailDate, appleDate string
	original                                     string // between the dashes of a quote
	appleFwd, birdFwd                            string // above a forward
	wrote                                        string
	ios, android, k9sig                          string // footers
	above                                        string // our separator's sentence
	away                                         string // Exchange's out-of-office subject
	re, fw                                       string // Outlook's prefixes
}

// Languages are the 20 languages.
var Languages = append(append([]Language{}, west...), east...)

const (
	addr    = "ann@example.org"
	helper  = "help@example.com"
	subject = "[IT #7] HP 4200"
)

// fill sets name and address into a template.
func (l Language) fill(s string) string {
	return strings.NewReplacer("{n}", l.name, "{a}", addr, "{s}", subject).Replace(s)
}

// label is one label of a header block.
func (l Language) label(i int) string { return strings.Split(l.labels, "|")[i] }

// paragraphs splits the words of a person.
func paragraphs(s string) []string { return strings.Split(s, "|") }

// Own is the words of the writer as one text.
func (l Language) Own() string { return strings.Join(paragraphs(l.own), "\n\n") }

// answers are the paragraphs of the other's mail in two halves.
func (l Language) halves() (first, second []string) {
	p := paragraphs(l.orig)
	return p[:2], p[2:]
}
