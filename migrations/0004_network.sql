-- +goose Up

-- One import of an OpenStreetMap extract (or of the demo town). The current one
-- is the background map and, later, the walking network.
CREATE TABLE network_import (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file_name   text NOT NULL,
    sha256      text NOT NULL,
    attribution text NOT NULL,
    counts      jsonb NOT NULL DEFAULT '{}',
    current     boolean NOT NULL DEFAULT false,
    imported_by text NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX network_import_has_one_current ON network_import (current) WHERE current;

-- A thing on the background map. Streets keep the ids of their nodes, in order:
-- two streets meet where they share one.
CREATE TABLE map_feature (
    import_id bigint NOT NULL REFERENCES network_import ON DELETE CASCADE,
    class     text NOT NULL,                         -- street building water green place service barrier entrance
    osm_type  text NOT NULL,                         -- n, w, r; t for the demo town
    osm_id    bigint NOT NULL,
    kind      text NOT NULL,                         -- the value of the deciding tag: residential, park, river …
    name      text NOT NULL DEFAULT '',
    name_en   text NOT NULL DEFAULT '',
    layer     smallint NOT NULL DEFAULT 0,           -- bridges above, tunnels below
    tags      jsonb NOT NULL DEFAULT '{}',           -- only those that access and addresses need
    nodes     bigint[],                              -- streets
    geom      geometry(Geometry, 4326) NOT NULL,
    PRIMARY KEY (import_id, class, osm_type, osm_id),
    CONSTRAINT map_feature_class_is_known CHECK (class IN
        ('street', 'building', 'water', 'green', 'place', 'service', 'barrier', 'entrance'))
);
CREATE INDEX map_feature_geom ON map_feature USING gist (geom);
