package main

import "postern/rules/strictyaml"

// ListenerConfig is a place where postern takes mail over SMTP or LMTP.
type ListenerConfig struct {
	Name string `yaml:"name"`
	// Role says who connects, and so what a connection proves: "mx" strangers
	// directly, "mta" our own mail server with strangers' mail, "submission" agents
	// and trusted peers.
	Role     string `yaml:"role"`
	Protocol string `yaml:"protocol"` // smtp or lmtp; smtp when left out
	Address  string `yaml:"address"`  // host:port, or unix:/path
	Hostname string `yaml:"hostname"` // in the greeting; the machine's name when left out
	// TLS offers STARTTLS with this certificate, read again when the files change.
	TLS *TLSConfig `yaml:"tls"`
	// Auth offers AUTH PLAIN and LOGIN to agents with a password_hash, behind TLS only
	// (or on loopback).
	Auth bool `yaml:"auth"`
	// Trusted are networks whose peers speak for every agent: role submission over
	// TCP only, for outside mail comes from everywhere else.
	Trusted []string `yaml:"trusted"`
	// Queue takes mail for recipients that name no queue; empty to refuse them.
	Queue string      `yaml:"queue"`
	Trust TrustConfig `yaml:"trust"`
	// Verify looks at DKIM and DMARC of what arrives, and with role mx at SPF; on with role
	// mx, else off when left out.
	Verify *bool `yaml:"verify"`
}

// TLSConfig names a certificate and its key, both PEM.
type TLSConfig struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// TrustConfig says which header fields of a source's mail are evidence. Left
// out, none is.
type TrustConfig struct {
	// AuthservIDs are the names under which our own server writes Authentication-Results.
	AuthservIDs []string `yaml:"authserv_ids"`
	// Mode is "boundary": the field stands at the position our server gives it; or
	// "single": it must be the only one with its name.
	Mode string `yaml:"mode"`
	// ReceivedAbove is how many Received fields our own servers put above it.
	ReceivedAbove int `yaml:"received_above"`
	// Fields is how many such fields our servers write into one mail; one when left out.
	Fields int           `yaml:"fields"`
	Marker *MarkerConfig `yaml:"marker"`
}

// MarkerConfig is a header that only our own mail server writes, for senders who logged in.
type MarkerConfig struct {
	Header string `yaml:"header"`
	// Value must match exactly; %a stands for the address in From.
	Value         string `yaml:"value"`
	ReceivedAbove int    `yaml:"received_above"`
}

// MailboxConfig is an IMAP mailbox that postern reads. It never deletes mail there.
type MailboxConfig struct {
	Name   string `yaml:"name"`
	Server string `yaml:"server"` // host or host:port; 993, or 143 without tls
	TLS    string `yaml:"tls"`    // tls, starttls or none; tls when left out
	Login  string `yaml:"login"`
	// Mailbox is whose mailbox to open when the login differs from it (a shared mailbox).
	Mailbox      string `yaml:"mailbox"`
	PasswordFile string `yaml:"password_file"`
	PasswordEnv  string `yaml:"password_env"`
	Folder       string `yaml:"folder"` // INBOX when left out
	// DoneFolder is where handled mail is moved; empty leaves it where it is.
	DoneFolder string `yaml:"done_folder"`
	Queue      string `yaml:"queue"` // of mail whose recipients name no queue
	// Import is what the first connection takes: "from-now" (when left out) or "all".
	Import   string              `yaml:"import"`
	Interval strictyaml.Duration `yaml:"interval"` // between polls beside IDLE; 5m when left out
	Trust    TrustConfig         `yaml:"trust"`
	Verify   bool                `yaml:"verify"` // look at DKIM and DMARC of what arrives

	// Password comes from the file or the environment.
	Password Secret `yaml:"-"`
}

// RelayConfig is a way out for mail: a server, or a folder of Maildirs.
type RelayConfig struct {
	Name         string `yaml:"name"`   // only under relays
	Server       string `yaml:"server"` // host or host:port; 587, 465 with tls, 25 with none
	TLS          string `yaml:"tls"`    // starttls, tls or none; starttls when left out
	Hostname     string `yaml:"hostname"`
	Login        string `yaml:"login"`
	PasswordFile string `yaml:"password_file"`
	PasswordEnv  string `yaml:"password_env"`
	// EnvelopeFrom is "signed" (when left out), "fixed" or "null", for relays that
	// rewrite or refuse signed senders.
	EnvelopeFrom string `yaml:"envelope_from"`
	FixedFrom    string `yaml:"fixed_from"` // the sender for "fixed"
	// Maildir writes each mail into PATH/ADDRESS/ instead of sending it.
	Maildir string `yaml:"maildir"`

	// Password comes from the file or the environment.
	Password Secret `yaml:"-"`
}

// LimitsConfig bounds sizes and automatic mail; what is left out keeps the
// value of the policy.
type LimitsConfig struct {
	MessageSize       strictyaml.Size     `yaml:"message_size"`
	AttachmentSize    strictyaml.Size     `yaml:"attachment_size"`
	Connections       int                 `yaml:"connections"`
	ConnectionsPerNet int                 `yaml:"connections_per_net"`
	UnverifiedEvery   strictyaml.Duration `yaml:"unverified_every"`
	UnverifiedDay     int                 `yaml:"unverified_day"`
	VerifiedHour      int                 `yaml:"verified_hour"`
	VerifiedDay       int                 `yaml:"verified_day"`
	RefusalsHour      int                 `yaml:"refusals_hour"`
	ReopensHour       int                 `yaml:"reopens_hour"`
	TicketsHour       int                 `yaml:"tickets_hour"`
	StormHour         int                 `yaml:"storm_hour"`
	InstanceHour      int                 `yaml:"instance_hour"`
	PerTicket         []WindowConfig      `yaml:"per_ticket"`
	NoticesTicket     int                 `yaml:"notices_ticket"`
	NoticesHour       int                 `yaml:"notices_hour"`
	Gather            strictyaml.Duration `yaml:"gather"`
	DigestEvery       strictyaml.Duration `yaml:"digest_every"`
	QuietAge          strictyaml.Duration `yaml:"quiet_age"`
	ConflictHold      strictyaml.Duration `yaml:"conflict_hold"`
	UndoWindow        strictyaml.Duration `yaml:"undo_window"`
	ReplyHold         strictyaml.Duration `yaml:"reply_hold"`
	ConfirmEvery      strictyaml.Duration `yaml:"confirm_every"`
	ConfirmFor        strictyaml.Duration `yaml:"confirm_for"`
	RelayDelay        strictyaml.Duration `yaml:"relay_delay"`
	ReplayAge         strictyaml.Duration `yaml:"replay_age"`
	Attempts          int                 `yaml:"attempts"`
}

// WindowConfig allows at most Max mails in Within.
type WindowConfig struct {
	Max    int                 `yaml:"max"`
	Within strictyaml.Duration `yaml:"within"`
}
