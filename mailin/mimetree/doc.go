// Package mimetree reads the octets of a mail message as a tree of parts,
// however broken the message is.
//
// It promises four things. Reading never fails: whatever cannot be understood
// stays where it is in the raw octets, and a named defect says so (defects.go
// lists them all). Reading is linear in the size of the message, and its memory
// does not depend on it: the message is streamed over an io.ReaderAt, and a part
// is an offset and a length. Every string handed out is valid UTF-8 without
// NUL. And what the tree says of a part's octets is what NewDecoder reads from
// there, every time.
//
// winmail.dat (TNEF) is one attachment, kept as it came: no decoder for it is to be
// had that is bounded and does not panic on valid input, and the text of such a
// mail stands beside it as text/plain.
//
// It follows RFC 5322, 2045–2047, 2231 and, where these are broken, RFC 7103.
// It judges nothing: what a header means is for others to say.
package mimetree
