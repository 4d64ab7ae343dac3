-- +goose Up

-- Whether a shift has something that is not counted yet. The index names this alone, so that
-- a delivery to a shift that waits already changes no index (a heap-only update).
ALTER TABLE shift ADD to_count boolean GENERATED ALWAYS AS (changed > counted) STORED;
DROP INDEX shift_to_count;
CREATE INDEX shift_to_count ON shift (no) WHERE to_count;
