// Package automail tells whether a machine wrote a mail, whether it may be
// answered by one, and what a bounce says.
//
// The two questions are kept apart: what a person behind Exchange or a mailing
// list writes is not automatic, and still must not be answered automatically. Each
// answer names the field and the value that gave it. The signs only ever add up:
// one more automatic header never makes an answer allowed.
//
// Judging is total, bounded and pure. Whether a mail answers one of ours, and
// whether it is ours, only the Desk knows.
package automail
