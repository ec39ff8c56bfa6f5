// Package mailauth verifies at arrival what can be verified of a raw message:
// DKIM (RFC 6376, 8301, 8463), SPF (RFC 7208) and DMARC (RFC 7489), and says
// it in plain values.
//
// What may be relied upon: Verify is total. It never fails and never panics,
// whatever the message or the DNS say; a DNS that is down gives temperror, and
// a temperror proves nothing. Its memory is bounded (a header of at most 1 MiB, one
// buffer for the body), its work linear in the size of the message, its
// look-ups at most maxLookups within lookupTime together. It reads the clock
// nowhere: the moment of arrival is an argument.
//
// A signature passes only if it proves what it seems to prove. One that bounds
// the body (l=), has expired, was made with an RSA key under 1024 bits, does not
// cover the one From, or covers a field that stands in the message more often than
// it is signed, fails. A header that two readers could read in two ways (a line
// that is no field, a lone CR, NUL) verifies no signature at all: else a signed
// mail could be given new commands in lines that only one of the readers takes
// for the body.
//
// What it does not do: it refuses nothing, keeps nothing, and does not follow
// ARC chains (what the topmost one claims is recorded). The envelope is not
// covered by any signature: whether a signed mail is a replay is for others to judge.
//
// The signatures are checked here and not by go-msgauth, which the tests use to
// sign and to compare: that one reads the system's clock, and its body reader needs
// time that grows with the square of a run of blank lines (8 MB of them: 31 s).
package mailauth
