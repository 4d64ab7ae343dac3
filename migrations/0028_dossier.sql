-- +goose Up

-- What a plan was when it was adopted: SHA-256 of its division in canonical form
-- (docs/exchange.md). Plans that were published before have none; theirs is worked out
-- when it is asked for.
ALTER TABLE plan ADD COLUMN digest text,
    ADD CONSTRAINT plan_digest_is_sha256 CHECK (digest ~ '^[0-9a-f]{64}$');
