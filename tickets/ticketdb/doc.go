// Package ticketdb keeps tickets in SQLite or PostgreSQL. It is the only package
// with SQL, written once for both; what differs is in the dialect.
//
// It promises what tickets.Store says, and this beside it. Every write happens in
// an explicit transaction and under a unique key, on connections made for
// writing; the connections for reading cannot write. A database that is away, at the
// start or later, makes every call return an error within 15 seconds, and calls work
// again when it is back. Settings that could lose a commit are refused at the
// start. Octets of messages move in chunks of 256 KiB and never sit in memory whole.
// Text is stored as valid UTF-8 without NUL. No error shows a password.
//
// What may not be relied upon: SQLite serves one gateway process (a lock file
// sees to it); several gateways need PostgreSQL.
package ticketdb
