package main

import (
	"postern/rules/strictyaml"
)

// Config is postern.yaml. It is read strictly: an unknown key, a wrong type or a
// contradiction is a mistake with its place, and all mistakes are told at once.
// Relative paths are relative to the file's folder. `postern help config` prints
// a commented example of every key.
type Config struct {
	// Instance names this helpdesk; it is part of every signed address, so that
	// renaming it makes all addresses handed out so far unknown.
	Instance string `yaml:"instance"`
	// Database is "sqlite:PATH" or a "postgres://" URL.
	Database string `yaml:"database"`
	// DatabasePasswordFile holds the password of a postgres URL without one.
	DatabasePasswordFile string `yaml:"database_password_file"`
	// Secrets is the folder of the keys postern makes for itself; files in it are 0600.
	Secrets string `yaml:"secrets"`

	Listeners []ListenerConfig `yaml:"listeners"`
	Mailboxes []MailboxConfig  `yaml:"mailboxes"`
	// Relay takes the outgoing mail of every queue that names no other one.
	Relay *RelayConfig `yaml:"relay"`
	// Relays are further ways out, by name.
	Relays []RelayConfig `yaml:"relays"`
	Queues []QueueConfig `yaml:"queues"`
	Agents []AgentConfig `yaml:"agents"`
	// Admin are the addresses that alarms are mailed to; none for no alarms.
	Admin  []string     `yaml:"admin"`
	Reply  ReplyConfig  `yaml:"reply"`
	Verify VerifyConfig `yaml:"verify"`
	// Rules is the folder of rule files; empty for the built-in rules.
	Rules  string       `yaml:"rules"`
	Limits LimitsConfig `yaml:"limits"`
	// HTTP is where /metrics, /healthz and /readyz are served; empty for nowhere.
	HTTP string    `yaml:"http"`
	Log  LogConfig `yaml:"log"`

	// File is where it was read; empty for the built-in configuration.
	File string `yaml:"-"`
	// DatabasePassword comes from DatabasePasswordFile.
	DatabasePassword Secret `yaml:"-"`
}

// ReplyConfig says what signed reply addresses look like.
type ReplyConfig struct {
	// Domain is a subdomain of its own for them: r-TOKEN@Domain. Recommended.
	Domain string `yaml:"domain"`
	// Plus says that queue addresses take an extension: help+TOKEN@example.org. It is
	// on when left out and counts where there is no Domain; when it is off the
	// Message-ID alone carries the token.
	Plus *bool `yaml:"plus"`
}

// VerifyConfig says how DKIM, SPF and DMARC are looked up.
type VerifyConfig struct {
	// Resolver is the DNS server that is asked, ADDRESS or ADDRESS:PORT; the system's when
	// left out. It should validate DNSSEC, and be near: the answers are evidence.
	Resolver string `yaml:"resolver"`
}

// LogConfig says how much is logged and in which form.
type LogConfig struct {
	Level  string `yaml:"level"`  // debug, info, warn or error; info when left out
	Format string `yaml:"format"` // text or json; text when left out
}

// QueueConfig is a queue: where tickets wait for a group of agents.
type QueueConfig struct {
	Name string `yaml:"name"`
	// Addresses are all that belong to it; the first is its identity in outgoing mail.
	Addresses []string `yaml:"addresses"`
	Display   string   `yaml:"display"` // name beside the address in outgoing mail
	Tag       string   `yaml:"tag"`     // subject tag without number: IT makes [IT #42]
	Agents    []string `yaml:"agents"`  // names of the agents who work it
	// Templates is a folder whose files replace built-in templates by name.
	Templates string `yaml:"templates"`
	Language  string `yaml:"language"` // ISO 639-1 code of its mails; en when left out
	Zone      string `yaml:"zone"`     // IANA name of the time zone of its mails; UTC when left out
	// ReopenWindow is how long after the resolution a reply reopens the ticket; later it
	// makes a new, linked one. 14 days when left out.
	ReopenWindow strictyaml.Duration `yaml:"reopen_window"`
	HideAgents   bool                `yaml:"hide_agents"` // keep agents' names out of relayed mail
	// CC lets the Cc of a proved participant's mail add participants; on when left out.
	CC     *bool `yaml:"cc"`
	Silent bool  `yaml:"silent"` // acknowledge nothing to unverified requesters
	// Relay names the relay of its mail; empty for the default one.
	Relay string `yaml:"relay"`
	// Digest is the hour of its agents' morning list on weekdays, "08:00" in Zone; empty
	// for none.
	Digest string `yaml:"digest"`
	// LinkCopies: a mail to two queues makes two linked tickets instead of one.
	LinkCopies bool `yaml:"link_copies"`
}

// AgentConfig is a person who works tickets.
type AgentConfig struct {
	Name    string `yaml:"name"`    // the word used in commands and rules
	Display string `yaml:"display"` // the name requesters see
	// Addresses are all he writes from; the first is the registered one, to which
	// confirmations, receipts and refusals go.
	Addresses []string `yaml:"addresses"`
	// Language is the ISO 639-1 code of the mails he gets; that of the queue when left out.
	Language string `yaml:"language"`
	// PasswordHash lets him log in on a listener with auth; `postern password` makes it.
	PasswordHash string `yaml:"password_hash"`
	// Away: he is not at work. What comes on his tickets is told to his queue's other
	// agents too, new tickets are not told to him, and no list is mailed to him.
	Away bool `yaml:"away"`
}
