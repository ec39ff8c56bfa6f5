-- +goose Up
-- Many tickets with one subject from many senders: ticket is their parent. waiting
-- are those that no summary has told yet, due is when the next one leaves.
CREATE TABLE storms (
    ticket      {{int}} PRIMARY KEY REFERENCES tickets (id),
    subject_key TEXT NOT NULL,
    last        {{time}} NOT NULL,
    told        {{time}},
    waiting     {{int}} NOT NULL,
    due         {{time}}
);
CREATE INDEX storms_subject ON storms (subject_key, last);
CREATE INDEX storms_due ON storms (due) WHERE due IS NOT NULL;

-- What is said once in a while and not each time: an alarm in an hour, a line in a week.
CREATE TABLE said (
    what TEXT PRIMARY KEY,
    at   {{time}} NOT NULL
);

-- +goose Down
DROP TABLE said;
DROP TABLE storms;
