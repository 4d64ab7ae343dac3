-- +goose Up

-- An upload is one file as it came. The bytes of boundary files are kept; of
-- ledgers only the digest and the report stay, for they may hold personal columns.
CREATE TABLE upload (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL,                       -- boundaries, households, incidents, service-points, osm, zones
    file_name   text NOT NULL,
    size        bigint NOT NULL,
    sha256      text NOT NULL,
    crs         text NOT NULL,                       -- as declared
    guard       jsonb,                               -- the verdict on the declared crs
    confirmed   text,                                -- reason, when the crs could not be checked
    content     bytea,                               -- boundaries only
    report      jsonb,
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- A plan is a full division of one or more parents into units of one level: a
-- draft until it is published, then immutable and dated.
CREATE TABLE plan (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL,
    preset       text COLLATE "C" NOT NULL REFERENCES preset,
    level        text COLLATE "C" NOT NULL REFERENCES level,
    state        text NOT NULL DEFAULT 'draft',
    revision     integer NOT NULL DEFAULT 1,         -- raised by every edit
    upload_id    bigint REFERENCES upload,
    effective_on date,
    created_by   text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    published_by text,
    published_at timestamptz,
    CONSTRAINT plan_state_is_known CHECK (state IN ('draft', 'published', 'abandoned')),
    CONSTRAINT plan_published_has_a_date CHECK (state <> 'published' OR (effective_on IS NOT NULL AND published_at IS NOT NULL))
);

-- The units of a draft as they stand after the repairs so far.
CREATE TABLE plan_unit (
    plan_id    bigint NOT NULL REFERENCES plan ON DELETE CASCADE,
    ordinal    integer NOT NULL,
    role       text NOT NULL DEFAULT 'part',         -- part, or parent when the plan redraws or moves vertices of it
    code       text COLLATE "C" NOT NULL,
    name       text NOT NULL,
    parent     text COLLATE "C",                     -- code
    place      text NOT NULL DEFAULT '',             -- where in the file: "feature 4"
    geom       geometry(MultiPolygon, 4326) NOT NULL,
    original   geometry(MultiPolygon, 4326),         -- as uploaded, when a repair changed it
    PRIMARY KEY (plan_id, ordinal)
);

CREATE TABLE plan_fault (
    plan_id  bigint NOT NULL REFERENCES plan ON DELETE CASCADE,
    id       text NOT NULL,                          -- stable while the fault stays where it is
    kind     text NOT NULL,
    hard     boolean NOT NULL,                       -- a hard fault stops publishing
    codes    text[] NOT NULL DEFAULT '{}',
    parent   text,
    place    text NOT NULL DEFAULT '',
    detail   text NOT NULL DEFAULT '',
    area     double precision NOT NULL DEFAULT 0,    -- m²
    width    double precision NOT NULL DEFAULT 0,    -- m
    neighbour text NOT NULL DEFAULT '',               -- neighbour with the longest shared border
    repairs  text[] NOT NULL DEFAULT '{}',           -- offered, the first is recommended
    at       geometry(Point, 4326),
    geom     geometry(MultiPolygon, 4326),
    PRIMARY KEY (plan_id, id)
);

-- What was mended, in order, by whom; an accepted gap keeps its reason.
CREATE TABLE plan_repair (
    plan_id  bigint NOT NULL REFERENCES plan ON DELETE CASCADE,
    ordinal  integer NOT NULL,
    fault_id text NOT NULL,
    kind     text NOT NULL,
    args     jsonb NOT NULL DEFAULT '{}',
    codes    text[] NOT NULL DEFAULT '{}',
    area     double precision NOT NULL DEFAULT 0,
    made_by  text NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (plan_id, ordinal)
);

-- A unit is an identity that lasts: its code is never used again. What changes
-- with time (name, parent, boundary) is dated.
CREATE TABLE unit (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code       text COLLATE "C" NOT NULL,
    preset     text COLLATE "C" NOT NULL REFERENCES preset,
    level      text COLLATE "C" NOT NULL REFERENCES level,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT unit_code_is_unique UNIQUE (code),
    CONSTRAINT unit_code_is_not_empty CHECK (code <> '' AND length(code) <= 64)
);

CREATE TABLE boundary (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    unit_id     bigint NOT NULL REFERENCES unit,
    parent_id   bigint REFERENCES unit,
    plan_id     bigint NOT NULL REFERENCES plan,
    name        text NOT NULL,
    valid_from  date NOT NULL,
    valid_to    date,                                -- first day no longer valid; null = until changed
    state       text NOT NULL DEFAULT 'undivided',
    uncovered   double precision NOT NULL DEFAULT 0, -- m² that no child covers, accepted gaps left out
    area        double precision NOT NULL,           -- m²
    label       geometry(Point, 4326) NOT NULL,
    geom        geometry(MultiPolygon, 4326) NOT NULL,
    lattice     geometry(MultiPolygon, 0) GENERATED ALWAYS AS (to_lattice(geom)) STORED,
    CONSTRAINT boundary_validity_is_in_order CHECK (valid_to IS NULL OR valid_to > valid_from),
    CONSTRAINT boundary_is_not_empty CHECK (NOT ST_IsEmpty(geom)),
    CONSTRAINT boundary_state_is_known CHECK (state IN ('undivided', 'complete', 'incomplete', 'invalid')),
    CONSTRAINT boundary_has_one_version_a_day EXCLUDE USING gist
        (unit_id WITH =, daterange(valid_from, valid_to) WITH &&)
);
CREATE INDEX boundary_lattice ON boundary USING gist (lattice);
CREATE INDEX boundary_geom ON boundary USING gist (geom);
CREATE INDEX boundary_parent ON boundary (parent_id);
CREATE INDEX boundary_in_force ON boundary (unit_id) WHERE valid_to IS NULL;

-- A gap that was accepted, with its reason: belongs to nobody on purpose.
CREATE TABLE excluded_area (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    parent_id  bigint NOT NULL REFERENCES unit,
    plan_id    bigint NOT NULL REFERENCES plan,
    reason     text NOT NULL,
    valid_from date NOT NULL,
    valid_to   date,
    geom       geometry(MultiPolygon, 4326) NOT NULL,
    CONSTRAINT excluded_area_has_a_reason CHECK (reason <> '')
);

-- Which unit became which: many to many.
CREATE TABLE lineage (
    plan_id bigint NOT NULL REFERENCES plan,
    before  bigint NOT NULL REFERENCES unit,
    after   bigint NOT NULL REFERENCES unit,
    area    double precision NOT NULL,               -- m² in common
    PRIMARY KEY (plan_id, before, after)
);

-- An overlay zone may overlap anything; it is not a level.
CREATE TABLE zone (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code       text COLLATE "C" NOT NULL UNIQUE,
    kind       text NOT NULL,                        -- shop-block, enterprise, street, other
    name       text NOT NULL,
    valid_from date NOT NULL,
    valid_to   date,
    geom       geometry(MultiPolygon, 4326) NOT NULL,
    CONSTRAINT zone_validity_is_in_order CHECK (valid_to IS NULL OR valid_to > valid_from)
);
CREATE INDEX zone_geom ON zone USING gist (geom);

-- unit_at is the unit responsible for a place on a date: of the closed polygons
-- that cover it the lowest level wins, then the lowest code in byte order, then
-- the lowest id. The same rule as geo/locate in Go.
-- +goose StatementBegin
CREATE FUNCTION unit_at(place geometry, day date) RETURNS bigint
LANGUAGE sql STABLE STRICT PARALLEL SAFE
AS $$
    SELECT b.unit_id
    FROM boundary b JOIN unit u ON u.id = b.unit_id JOIN level l ON l.code = u.level
    WHERE b.lattice && to_lattice(place) AND ST_Covers(b.lattice, to_lattice(place))
      AND b.valid_from <= day AND (b.valid_to IS NULL OR b.valid_to > day)
    ORDER BY l.rank DESC, u.code COLLATE "C", u.id
    LIMIT 1
$$;
-- +goose StatementEnd
