-- +goose Up
-- The words of entries, for search: those that differ, once each. rowid is the entry.
-- Whoever erases an entry's text deletes its row here too.
{{entry_words}}

INSERT INTO entry_words (rowid, ticket, words)
SELECT id, ticket, lower(subject || ' ' || substr(text, 1, 16384)) FROM entries WHERE kind <> 'system';

-- +goose Down
DROP TABLE entry_words;
