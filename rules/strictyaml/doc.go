// Package strictyaml is the strict YAML reader of rules and configuration.
//
// It promises that a file is either understood completely or refused with
// messages an admin can act on: each names file, line and column, shows the line
// with a caret, and says what was probably meant. As many mistakes of a file as
// possible are reported at once. Nothing is guessed: unknown and repeated keys,
// 1.5 where a whole number belongs, yes for true, anchors, tags, a second
// document and values cut short by " #" are all errors. No input makes it panic
// or work without bound: size, nesting and the number of messages are limited.
//
// Tolerated are a byte order mark at the start and CRLF line ends. The YAML
// grammar itself comes from goccy/go-yaml; the decoding into Go values is ours,
// because positions and hints matter more here than generality.
package strictyaml
