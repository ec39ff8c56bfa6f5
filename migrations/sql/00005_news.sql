-- +goose Up
-- What an agent is told later, in one gathered mail: notices that limits hold back, and
-- lines of postern's own. told is when a mail told it; digest says that it waits for a
-- digest, not for the next notice of its ticket.
CREATE TABLE agent_news (
    id     {{id}},
    agent  TEXT NOT NULL,
    ticket {{int}} NOT NULL DEFAULT 0,
    seq    {{int}} NOT NULL DEFAULT 0,
    entry  {{int}} NOT NULL DEFAULT 0,
    role   TEXT NOT NULL,
    line   TEXT NOT NULL DEFAULT '',
    digest BOOLEAN NOT NULL,
    at     {{time}} NOT NULL,
    told   {{time}},
    UNIQUE (agent, ticket, seq, role)
);
CREATE INDEX agent_news_open ON agent_news (agent, id) WHERE told IS NULL;
CREATE INDEX agent_news_told ON agent_news (agent, told) WHERE digest;

-- What is done once a day for an agent: his morning list.
CREATE TABLE agent_days (
    agent TEXT NOT NULL,
    what  TEXT NOT NULL,
    day   TEXT NOT NULL,
    at    {{time}} NOT NULL,
    PRIMARY KEY (agent, what, day)
);

-- Who let an arrival out of the quarantine, as JSON; and the lines about a list that
-- wait for a confirmation.
CREATE INDEX entries_waiting ON entries (ticket) WHERE state IN ('unverified', 'held');
ALTER TABLE arrivals ADD COLUMN released {{json}};
ALTER TABLE confirmations ADD COLUMN orders TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE confirmations DROP COLUMN orders;
ALTER TABLE arrivals DROP COLUMN released;
DROP INDEX entries_waiting;
DROP TABLE agent_days;
DROP TABLE agent_news;
