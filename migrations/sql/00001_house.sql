-- +goose Up
-- The inbox: one row for each observation of a message. body is the arrival as
-- accepted; the columns beside it are what queries ask for.
CREATE TABLE arrivals (
    id              {{id}},
    key             TEXT NOT NULL UNIQUE,
    mark            TEXT NOT NULL,            -- random: tells our own insert after a lost COMMIT
    body            {{json}} NOT NULL,
    via             TEXT NOT NULL,
    source          TEXT NOT NULL,
    queue           TEXT NOT NULL,
    size            {{int}} NOT NULL,
    sha256          TEXT NOT NULL,
    at              {{time}} NOT NULL,
    state           TEXT NOT NULL DEFAULT 'new',
    attempts        {{int}} NOT NULL DEFAULT 0,
    next_try        {{time}},
    error           TEXT NOT NULL DEFAULT '',
    outcome         TEXT NOT NULL DEFAULT '',
    ticket          {{int}} NOT NULL DEFAULT 0,
    entry           {{int}} NOT NULL DEFAULT 0,
    copy_of         {{int}} NOT NULL DEFAULT 0,
    why             TEXT NOT NULL DEFAULT '',
    trace           {{json}},
    message_id      TEXT NOT NULL DEFAULT '',
    message_id_hash TEXT NOT NULL DEFAULT '',
    content_key     TEXT NOT NULL DEFAULT ''
);
CREATE INDEX arrivals_due ON arrivals (next_try, id) WHERE state = 'new';
CREATE INDEX arrivals_state ON arrivals (state, outcome);
CREATE INDEX arrivals_message_id ON arrivals (message_id_hash, id) WHERE message_id_hash <> '';
CREATE INDEX arrivals_content ON arrivals (content_key, id) WHERE content_key <> '';
CREATE INDEX arrivals_ticket ON arrivals (ticket) WHERE ticket <> 0;

CREATE TABLE raw_chunks (
    arrival {{int}} NOT NULL REFERENCES arrivals (id),
    n       {{int}} NOT NULL,
    data    {{blob}} NOT NULL,
    PRIMARY KEY (arrival, n)
);

CREATE TABLE mailboxes (
    account     TEXT NOT NULL,
    mailbox     TEXT NOT NULL,
    uidvalidity {{int}} NOT NULL,
    high        {{int}} NOT NULL,
    since       {{time}},
    PRIMARY KEY (account, mailbox)
);

CREATE TABLE imap_uids (
    account     TEXT NOT NULL,
    mailbox     TEXT NOT NULL,
    uidvalidity {{int}} NOT NULL,
    uid         {{int}} NOT NULL,
    state       TEXT NOT NULL,
    tries       {{int}} NOT NULL DEFAULT 0,
    why         TEXT NOT NULL DEFAULT '',
    arrival     {{int}} NOT NULL DEFAULT 0,
    PRIMARY KEY (account, mailbox, uidvalidity, uid)
);
CREATE INDEX imap_uids_pending ON imap_uids (account, mailbox, uidvalidity) WHERE state = 'pending';

-- One address, one participant, for ever.
CREATE TABLE participants (
    id          {{id}},
    address     TEXT NOT NULL,
    address_key TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    verified    BOOLEAN NOT NULL DEFAULT FALSE,
    dead        TEXT NOT NULL DEFAULT ''
);

-- The balance: state is the sum of the ticket's events, the columns mirror it.
CREATE TABLE tickets (
    id          {{id}},
    seq         {{int}} NOT NULL DEFAULT 0,
    state       {{json}} NOT NULL,
    subject     TEXT NOT NULL,
    subject_key TEXT NOT NULL,
    queue       TEXT NOT NULL DEFAULT '',
    status      TEXT NOT NULL DEFAULT '',
    disposition TEXT NOT NULL DEFAULT '',
    assignee    TEXT NOT NULL DEFAULT '',
    requester   {{int}} NOT NULL DEFAULT 0,
    priority    TEXT NOT NULL DEFAULT '',
    created     {{time}} NOT NULL,
    updated     {{time}} NOT NULL,
    due_at      {{time}},
    correlation TEXT NOT NULL DEFAULT ''
);
CREATE INDEX tickets_queue ON tickets (queue, status, id);
CREATE INDEX tickets_assignee ON tickets (assignee, status, id);
CREATE INDEX tickets_requester ON tickets (requester, id);
CREATE INDEX tickets_subject ON tickets (subject_key, created);
CREATE INDEX tickets_due ON tickets (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX tickets_correlation ON tickets (correlation, created) WHERE correlation <> '';

-- The ledger. Order is seq, never time; at is the door's clock. prev_hash is room
-- for a chain of hashes.
CREATE TABLE events (
    ticket    {{int}} NOT NULL REFERENCES tickets (id),
    seq       {{int}} NOT NULL,
    kind      TEXT NOT NULL,
    body      {{json}} NOT NULL,
    cause     {{json}} NOT NULL,
    at        {{time}} NOT NULL,
    prev_hash {{blob}},
    PRIMARY KEY (ticket, seq)
);
{{events_append_only}}

-- People's words, apart from the ledger, so that they can be erased.
CREATE TABLE entries (
    id              {{id}},
    ticket          {{int}} NOT NULL REFERENCES tickets (id),
    arrival         {{int}} NOT NULL DEFAULT 0,
    kind            TEXT NOT NULL,
    state           TEXT NOT NULL,
    participant     {{int}} NOT NULL DEFAULT 0,
    agent           TEXT NOT NULL DEFAULT '',
    level           {{int}} NOT NULL DEFAULT 0,
    why             TEXT NOT NULL DEFAULT '',
    from_name       TEXT NOT NULL DEFAULT '',
    from_addr       TEXT NOT NULL DEFAULT '',
    from_guessed    BOOLEAN NOT NULL DEFAULT FALSE,
    subject         TEXT NOT NULL DEFAULT '',
    text            TEXT NOT NULL DEFAULT '',
    reply_start     {{int}} NOT NULL DEFAULT 0,
    reply_end       {{int}} NOT NULL DEFAULT 0,
    message_id      TEXT NOT NULL DEFAULT '',
    message_id_hash TEXT NOT NULL DEFAULT '',
    content_key     TEXT NOT NULL DEFAULT '',
    parts           {{json}} NOT NULL,
    defects         {{json}} NOT NULL,
    automatic       BOOLEAN NOT NULL DEFAULT FALSE,
    at              {{time}} NOT NULL,
    erased_at       {{time}}
);
CREATE INDEX entries_ticket ON entries (ticket, id);
CREATE INDEX entries_message_id ON entries (message_id_hash, id) WHERE message_id_hash <> '';
CREATE INDEX entries_participant ON entries (participant, id) WHERE participant <> 0;

CREATE TABLE confirmations (
    id         {{id}},
    nonce_hash TEXT NOT NULL UNIQUE,
    nonce      TEXT NOT NULL,
    agent      TEXT NOT NULL,
    ticket     {{int}} NOT NULL,
    entry      {{int}} NOT NULL,
    at         {{time}} NOT NULL,
    expires    {{time}} NOT NULL,
    used_at    {{time}}
);
CREATE INDEX confirmations_open ON confirmations (agent, id) WHERE used_at IS NULL;

CREATE TABLE decisions (
    id       {{id}},
    arrival  {{int}} NOT NULL DEFAULT 0,
    ticket   {{int}} NOT NULL DEFAULT 0,
    seq      {{int}} NOT NULL DEFAULT 0,
    facts    {{json}} NOT NULL,
    decision {{json}} NOT NULL,
    at       {{time}} NOT NULL
);
CREATE INDEX decisions_arrival ON decisions (arrival, id) WHERE arrival <> 0;
CREATE INDEX decisions_ticket ON decisions (ticket, seq, id) WHERE ticket <> 0;
CREATE INDEX decisions_at ON decisions (at);

-- The outbox. urgency 0 is human mail; medium is room for what is not mail.
CREATE TABLE outbox (
    id              {{id}},
    key             TEXT NOT NULL UNIQUE,
    medium          TEXT NOT NULL DEFAULT 'mail',
    urgency         {{int}} NOT NULL,
    ticket          {{int}} NOT NULL DEFAULT 0,
    seq             {{int}} NOT NULL DEFAULT 0,
    entry           {{int}} NOT NULL DEFAULT 0,
    role            TEXT NOT NULL,
    mail            TEXT NOT NULL,
    queue           TEXT NOT NULL DEFAULT '',
    relay           TEXT NOT NULL DEFAULT '',
    mail_from       TEXT NOT NULL DEFAULT '',
    rcpt_to         TEXT NOT NULL,
    recipient       TEXT NOT NULL,
    message_id      TEXT NOT NULL DEFAULT '',
    message_id_hash TEXT NOT NULL DEFAULT '',
    subject         TEXT NOT NULL DEFAULT '',
    not_before      {{time}},
    at              {{time}} NOT NULL,
    state           TEXT NOT NULL,
    attempts        {{int}} NOT NULL DEFAULT 0,
    next_try        {{time}},
    code            TEXT NOT NULL DEFAULT '',
    answer          TEXT NOT NULL DEFAULT '',
    fence           {{int}} NOT NULL DEFAULT 0,
    owner           TEXT NOT NULL DEFAULT '',
    lease_until     {{time}}
);
CREATE INDEX outbox_waiting ON outbox (urgency, id) WHERE state IN ('queued', 'sending');
CREATE INDEX outbox_order ON outbox (ticket, recipient, seq, id) WHERE state IN ('queued', 'sending');
CREATE INDEX outbox_count ON outbox (recipient, at);
CREATE INDEX outbox_at ON outbox (at);
CREATE INDEX outbox_ticket ON outbox (ticket, id);
CREATE INDEX outbox_message_id ON outbox (message_id_hash) WHERE message_id_hash <> '';

-- A composed message in pieces: literal octets, or an attachment of an arrival.
CREATE TABLE outbox_segments (
    outgoing {{int}} NOT NULL REFERENCES outbox (id),
    n        {{int}} NOT NULL,
    literal  {{blob}},
    arrival  {{int}} NOT NULL DEFAULT 0,
    part     {{json}},
    PRIMARY KEY (outgoing, n)
);

CREATE TABLE leases (
    name        TEXT PRIMARY KEY,
    owner       TEXT NOT NULL,
    fence       {{int}} NOT NULL,
    lease_until {{time}} NOT NULL
);

CREATE TABLE rule_sets (
    id    {{id}},
    hash  TEXT NOT NULL,
    files {{json}} NOT NULL,
    at    {{time}} NOT NULL,
    who   TEXT NOT NULL DEFAULT '',
    UNIQUE (hash, at)
);

-- +goose Down
-- There is no way back: the messages are here.
SELECT 1;
