// Package maillab starts real servers for tests, and servers that misbehave on
// purpose.
//
// Real ones: PostgreSQL, Dovecot (IMAP, LMTP) and Postfix, each a private
// instance with its own configuration, in a temporary directory, on free
// loopback ports. Nothing of the machine's own servers is read or touched.
// PostgreSQL and Dovecot run as an ordinary user even when the tests run as
// root; Postfix needs root. The ones that misbehave are in this process: a
// Proxy that cuts, stalls and slows connections, and a Relay, an SMTP server
// that fails by script and keeps what it got.
//
// What may be relied upon: an instance is ready when its Start function
// returns; it is gone, with its processes and its directory, when the test that
// started it ends, and also when the test process is killed (the kernel signals
// the servers, a waiting shell removes the directory). When a server is not
// installed the test is skipped, or fails where servers are required: see Need.
package maillab
