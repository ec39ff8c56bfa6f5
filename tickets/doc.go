// Package tickets is the pure core of postern: the values of a helpdesk, the
// decisions between them, and the Desk that tells the story of one message.
//
// It promises three things. A decision is a function from values to values:
// threading, evidence, commands, limits and the folding of events never ask the
// time, the network or a database. A ticket is the sum of its events
// (Fold(events) == row), and every event carries its cause. And the Desk makes
// exactly two promises to the wire: what Accept returned nil for is durable, and
// what Digest committed happened once.
//
// The package knows neither mail syntax nor SQL. Parse, Route and Compose are
// handed to the Desk as functions; Store is the contract with the database.
package tickets
