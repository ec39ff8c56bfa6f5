// Package mailout writes postern's mail and gets it to a relay.
//
// It promises four things. Composing is pure: the same draft gives the same
// octets, and no value of a draft, wherever it came from, can add a header
// field, a part or an SMTP parameter. A message is assembled as a stream from
// literal octets and stored attachments, the same octets at each attempt. What
// a stranger wrote is not mailed to an address that has not proved itself. And
// a claimed message ends in exactly one verdict: sent, later or never; a relay
// in trouble is never the recipient's fault, and a message whose fate is not
// known is sent again rather than lost.
//
// The package knows neither the database nor the rules. The Courier claims and
// records through what is handed to it.
package mailout
