// Package mailin takes messages off the wire and reads them.
//
// A Listener speaks SMTP and LMTP; a Poller reads one IMAP mailbox. Both hand
// every message to a desk as a tickets.Arrival with the exact octets (a Spool),
// and promise the outside world only what the desk has made durable:
//
//   - 250 is said after Accept returned nil, and never otherwise. A message that
//     was cut on the way is not stored and not answered 250.
//   - A mailbox is changed only after Accept returned nil, and never by a sequence
//     number, a flag or a date.
//   - An error that nobody foresaw is ours, hence temporary, and its text stays here.
//
// Known holes, all of them the SMTP library's: RCPT TO:<postmaster> without a domain is
// 501; octets sent behind DATA before our 354 are taken as the message (never as
// commands) instead of being refused; a SIZE= beyond 32 bits is 501 and not 552; commands
// out of order are 502 and not 503; a message by BDAT that is taken back ends the dialogue.
//
// What may not be relied upon: that a message is handed over only once. A lost
// answer, a restart or a second gateway shows it again; the arrival's key makes
// it one.
package mailin
