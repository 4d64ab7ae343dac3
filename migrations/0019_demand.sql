-- +goose Up

-- A demand set: counts of people that somebody else made (a census, a grid of the
-- population), for which there is no household ledger. The same name again with
-- other rows is the next version; a version is never changed.
CREATE TABLE demand_set (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text COLLATE "C" NOT NULL,
    version     integer NOT NULL,
    digest      text NOT NULL,                       -- SHA-256 of the rows
    kind        text NOT NULL,
    resolution  smallint,                            -- of the cells
    rows        integer NOT NULL,
    outside     integer NOT NULL,                    -- rows in no unit, on the day of the import
    buildings   integer NOT NULL,                    -- that people of cells were spread over; 0 = they stand at the centre
    households  bigint NOT NULL,
    people      bigint NOT NULL,
    ages        bigint[] NOT NULL,                   -- sums of the six age bands; empty when the file had none
    file_name   text NOT NULL,
    area_id     bigint,                              -- of whom it tells; null = of the whole installation
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT demand_set_has_a_name CHECK (name <> ''),
    CONSTRAINT demand_set_kind_is_known CHECK (kind IN ('cell', 'place')),
    CONSTRAINT demand_set_of_cells_has_a_resolution CHECK ((kind = 'cell') = (resolution IS NOT NULL)),
    CONSTRAINT demand_set_has_a_version UNIQUE NULLS NOT DISTINCT (area_id, name, version)
);

-- People at a place: a building, an address, or the centre of a cell.
CREATE TABLE demand (
    set_id     bigint NOT NULL REFERENCES demand_set ON DELETE CASCADE,
    ordinal    integer NOT NULL,                     -- of the row in its file, from 1
    ref        text COLLATE "C" NOT NULL,            -- its name in the file: a cell, a building's number
    point      geometry(Point, 4326) NOT NULL,
    cell       bigint NOT NULL,                      -- of a set of cells that one; otherwise at resolution 11
    households integer NOT NULL,
    people     integer NOT NULL,
    age_0_2    integer NOT NULL,
    age_3_6    integer NOT NULL,
    age_7_17   integer NOT NULL,
    age_18_59  integer NOT NULL,
    age_60_79  integer NOT NULL,
    age_80     integer NOT NULL,
    PRIMARY KEY (set_id, ordinal)
);

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON demand_set, demand TO wangge_engine;
GRANT SELECT ON demand_set, demand TO wangge_app;
GRANT DELETE ON demand_set TO wangge_app;
ALTER TABLE demand_set ENABLE ROW LEVEL SECURITY;
ALTER TABLE demand ENABLE ROW LEVEL SECURITY;
CREATE POLICY engine ON demand_set TO wangge_engine USING (true) WITH CHECK (true);
CREATE POLICY engine ON demand TO wangge_engine USING (true) WITH CHECK (true);
SELECT wall('demand_set', 'select', '{count demand_set.area_id} OR {load demand_set.area_id}'),
       wall('demand_set', 'delete', '{load demand_set.area_id}');
SELECT wall('demand', 'select', 'EXISTS (SELECT FROM demand_set s WHERE s.id = demand.set_id)');
