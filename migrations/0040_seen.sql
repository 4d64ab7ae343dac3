-- +goose Up

-- By the kind of post, as cells are. A day, a unit, a kind and a place have one count.
ALTER TABLE seen_part ADD kind text NOT NULL DEFAULT '';
CREATE UNIQUE INDEX seen_part_once ON seen_part (day, unit_id, kind, part) NULLS NOT DISTINCT;
CREATE UNIQUE INDEX seen_cell_once ON seen_cell (day, unit_id, kind, cell) NULLS NOT DISTINCT;
DROP INDEX seen_part_unit;
DROP INDEX seen_cell_unit;

-- Zones that teams were in, without a person: how many saw enough of a block by the rule
-- of package patrol, how often one came and how long it stayed.
CREATE TABLE seen_zone (
    day     date NOT NULL,
    unit_id bigint,                                  -- that of the posts
    kind    text NOT NULL,
    zone_id bigint NOT NULL,
    teams   integer NOT NULL,                        -- that saw enough of it, if it is a block
    visits  integer NOT NULL,
    seconds integer NOT NULL
);
CREATE UNIQUE INDEX seen_zone_once ON seen_zone (day, unit_id, kind, zone_id) NULLS NOT DISTINCT;
CREATE INDEX seen_zone_zone ON seen_zone (zone_id, day);

-- What one shift saw on a day, as it is in the counts: so that a late fix moves them by
-- exactly what it adds. It is a track, and goes with the day's fixes; the counts stay.
-- team is the shift that its team is named after, unit_id and kind are those it counts for.
CREATE TABLE shift_day (
    shift_no bigint NOT NULL REFERENCES shift ON DELETE CASCADE,
    day      date NOT NULL,
    team     bigint NOT NULL,
    unit_id  bigint,
    kind     text NOT NULL,
    cells    bigint[] NOT NULL,
    parts    bigint[] NOT NULL,
    blocks   bigint[] NOT NULL,
    zones    bigint[] NOT NULL,                      -- its stays, one by one
    entered  timestamptz[] NOT NULL,
    parted   timestamptz[] NOT NULL,
    PRIMARY KEY (day, shift_no)
);
CREATE INDEX shift_day_shift ON shift_day (shift_no);

ALTER TABLE shift ADD counted_at timestamptz;        -- when it was tried last
CREATE INDEX shift_started ON shift (started_at);

-- What people said of a block, beside what tracks show: seen_on is the later of both.
ALTER TABLE block ADD told_on date;
UPDATE block SET told_on = seen_on;

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON seen_zone, shift_day TO wangge_engine;
GRANT SELECT ON seen_zone TO wangge_app;
GRANT UPDATE (told_on) ON block TO wangge_app;

ALTER TABLE seen_zone ENABLE ROW LEVEL SECURITY;
ALTER TABLE shift_day ENABLE ROW LEVEL SECURITY;
CREATE POLICY engine ON seen_zone TO wangge_engine USING (true) WITH CHECK (true);
CREATE POLICY engine ON shift_day TO wangge_engine USING (true) WITH CHECK (true);
SELECT wall('seen_zone', 'select', '{count seen_zone.unit_id}');
