-- +goose Up
-- The ids that a mail of an entry refers to, hashed, so that two answers to a mail which
-- never came here are known to belong together. The mail itself is not kept in them.
CREATE TABLE entry_refs (
    hash  TEXT NOT NULL,
    entry {{int}} NOT NULL REFERENCES entries (id),
    PRIMARY KEY (hash, entry)
);

-- +goose Down
DROP TABLE entry_refs;
