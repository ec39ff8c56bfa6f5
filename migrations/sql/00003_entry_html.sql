-- +goose Up
-- The formatting of an agent's reply, sanitised; empty where only the text is sure.
ALTER TABLE entries ADD COLUMN html TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE entries DROP COLUMN html;
