-- +goose Up

-- Counts for people who may not see single places, and for the public: made by
-- package publication when a plan is published and at most once a month otherwise,
-- never from what is counted live. A value of null is hidden (package suppress);
-- unit 0 is the whole installation.
CREATE TABLE publication (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    published_on date NOT NULL,
    reason       text NOT NULL,
    least        smallint NOT NULL,                  -- the smallest count that may be shown
    published_by text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT publication_reason_is_known CHECK (reason IN ('first', 'plan', 'month'))
);
CREATE INDEX publication_day ON publication (published_on DESC, id DESC);

CREATE TABLE published_count (
    publication_id bigint NOT NULL REFERENCES publication ON DELETE CASCADE,
    unit_id        bigint NOT NULL,
    attribute      text COLLATE "C" NOT NULL,        -- households, occupied, age_0_2 …, incidents
    value          integer,
    PRIMARY KEY (publication_id, unit_id, attribute)
);

-- Cells of resolutions 7 to 9, of each unit at the top by itself. Values are lower
-- ends of bands that are publication.least wide; a hidden cell has no row.
CREATE TABLE published_cell (
    publication_id bigint NOT NULL REFERENCES publication ON DELETE CASCADE,
    top_id         bigint NOT NULL,
    cell           bigint NOT NULL,
    attribute      text COLLATE "C" NOT NULL,        -- households, incidents
    value          integer NOT NULL,
    PRIMARY KEY (publication_id, top_id, cell, attribute)
);

-- What the next publication begins from: which cells are hidden together, and with
-- which total. Nobody but the engine reads it. Of H3 cells the attribute carries
-- the unit at the top: "cell/households/12".
CREATE TABLE publication_edition (
    attribute text COLLATE "C" PRIMARY KEY,
    edition   jsonb NOT NULL
);

-- How people reach who is responsible: of an office, never of a person. A unit
-- without a row has the nearest one above it.
CREATE TABLE unit_office (
    unit_id           bigint PRIMARY KEY,
    phone             text NOT NULL DEFAULT '',
    address           text NOT NULL DEFAULT '',
    hours             text NOT NULL DEFAULT '',      -- OSM opening_hours
    supervision_phone text NOT NULL DEFAULT '',
    updated_at        timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON publication, published_count, published_cell, publication_edition, unit_office TO wangge_engine;
GRANT SELECT ON publication, published_count, published_cell, unit_office TO wangge_app, wangge_reader;
GRANT INSERT, UPDATE, DELETE ON unit_office TO wangge_app;

-- The tile server reads, as wangge_reader and nothing else (granted in 0011 and
-- here): level (code, rank, titles), unit (id, code, level), boundary, zone, setting,
-- network_import, map_feature, layer_change, household (id, kind, occupied, point,
-- cell, closed_on, area_id), household_unit, incident (id, category, state,
-- reported_at, point, cell, area_id), incident_unit, service_point (id, name, tier,
-- point, area_id) with _unit, _state and _function, and the published tables.

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['publication', 'published_count', 'published_cell', 'publication_edition', 'unit_office'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY engine ON %I TO wangge_engine USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY reader ON %I FOR SELECT TO wangge_reader USING (true)', t);
    END LOOP;
END $$;
-- +goose StatementEnd
SELECT wall('publication', 'select', 'true');
SELECT wall('published_count', 'select', '{count published_count.unit_id}');
SELECT wall('published_cell', 'select', '{count published_cell.top_id}');
SELECT wall('unit_office', 'select', '{map unit_office.unit_id}'), wall('unit_office', 'insert update delete', '{post unit_office.unit_id}');

-- The public services are off until an administrator switches them on.
INSERT INTO setting VALUES ('public_service', '"false"'), ('public_map', '"false"'), ('least_count', '"10"');
