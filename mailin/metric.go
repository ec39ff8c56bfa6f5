package mailin

// A Metric names something worth counting. No data of a mail is ever part of it.
type Metric string

// What is counted.
const (
	MetricConnection Metric = "smtp_connections"
	MetricTurnedAway Metric = "smtp_turned_away"
	MetricMessage    Metric = "smtp_messages"
	MetricRefused    Metric = "smtp_refused"
	MetricDeferred   Metric = "smtp_deferred"
	MetricAuthFailed Metric = "smtp_auth_failed"
	MetricGuess      Metric = "smtp_wrong_reply_address"
	MetricPoll       Metric = "imap_polls"
	MetricFetched    Metric = "imap_messages"
	MetricPollFailed Metric = "imap_poll_failures"
	MetricLogin      Metric = "imap_logins"
	MetricStuck      Metric = "imap_stuck" // a message that could not be fetched ten times
)
