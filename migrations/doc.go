// Package migrations is the schema of the two databases, as steps that are
// embedded into the binary and written once.
//
// It promises that Up brings an empty or an older database to the newest schema,
// each step wholly or not at all; that several gateways may start at the same
// time and each step runs once; and that a database which a newer postern has
// migrated is refused (ErrNewer) and left as it is.
//
// The steps are SQL for both dialects; what differs stands as {{word}} and is
// filled in while the files are read (see dialect.go). A step, once released,
// is never edited: a test pins the hash of each.
package migrations
