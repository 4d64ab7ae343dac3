-- +goose Up

-- Whose register a beat comes from, and its number there; null when it was made here.
ALTER TABLE beat
    ADD COLUMN source    text COLLATE "C",
    ADD COLUMN source_id text COLLATE "C",
    ADD CONSTRAINT beat_source_is_whole CHECK ((source IS NULL) = (source_id IS NULL)),
    ADD CONSTRAINT beat_source_is_unique UNIQUE (source, source_id);
