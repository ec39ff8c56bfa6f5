// Package rules reads an admin's rule files and says what they want done.
//
// A Set is made of YAML files with conditions in the expr language and never
// changes afterwards. Its promises: a file with a mistake makes no Set, and every
// mistake is told with its place and a hint; Decide is a pure function of the Set
// and the Facts, bounded by the size of both, and never panics; a condition that
// fails while running skips its rule and is named in the trace.
//
// # Language
//
// A file holds "version: 1", perhaps "include: default", perhaps "define:" with
// named conditions and lists, and "rules:". A rule has a name (unique in the
// folder), a phase ("on": smtp, receive, change or timer; receive when left out),
// a condition ("when"; always, when left out), actions ("then") and perhaps
// "stop: true". A timer rule has "after" and perhaps "since".
//
// # Order and conflicts
//
// Files are read in the order of their names, rules in the order of the file; the
// included default rules come after all own ones, and one whose name is used by an
// own rule is replaced by it. All rules of the phase are asked, and each sees the
// facts as they were before any rule acted. "stop: true" on a rule that matches
// means that no later rule of the phase is asked about this message or event.
// Of two rules that set the same single-valued thing (queue, assign, priority,
// type, status, acknowledge, relay, remind, reject or quarantine) the first wins, and
// the later one is noted in the trace: what stands further up is more important.
package rules
