-- +goose Up

-- A household is a dwelling, not its people: no names, phones or identity numbers.
CREATE TABLE household (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text COLLATE "C" NOT NULL,
    source_id   text COLLATE "C" NOT NULL,
    compound    text NOT NULL DEFAULT '',
    building    text NOT NULL DEFAULT '',
    stairwell   text NOT NULL DEFAULT '',
    doorplate   text NOT NULL DEFAULT '',
    address     text NOT NULL DEFAULT '',
    kind        text NOT NULL DEFAULT 'unknown',     -- owner, rental, self-built, collective, unknown
    occupied    boolean,                             -- null = not known
    age_0_2     smallint, age_3_6   smallint, age_7_17 smallint,
    age_18_59   smallint, age_60_79 smallint, age_80   smallint,
    point       geometry(Point, 4326),               -- null = unplaced
    cell        bigint,                              -- H3, resolution 11
    placed_by   text NOT NULL DEFAULT 'file',        -- file, address match, hand
    confidence  real,                                -- of an address match, 0 to 1
    closed_on   date,
    merged_into bigint REFERENCES household,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT household_source_is_unique UNIQUE (source, source_id),
    CONSTRAINT household_has_a_cell_where_it_has_a_place CHECK ((point IS NULL) = (cell IS NULL))
);
CREATE INDEX household_cell ON household (cell);
CREATE INDEX household_point ON household USING gist (point);
CREATE INDEX household_unplaced ON household (id) WHERE point IS NULL AND closed_on IS NULL;
CREATE INDEX household_address ON household (compound, building, stairwell, doorplate);

-- Who is responsible for a household, and since when: narrow dated rows. Only a
-- household that changes hands is written.
CREATE TABLE household_unit (
    household_id bigint NOT NULL REFERENCES household ON DELETE CASCADE,
    unit_id      bigint NOT NULL REFERENCES unit,
    valid_from   date NOT NULL,
    valid_to     date,
    PRIMARY KEY (household_id, valid_from),
    CONSTRAINT household_unit_validity_is_in_order CHECK (valid_to IS NULL OR valid_to > valid_from)
);
CREATE INDEX household_unit_in_force ON household_unit (unit_id) WHERE valid_to IS NULL;

CREATE TABLE incident_category (
    code     text COLLATE "C" PRIMARY KEY,
    parent   text COLLATE "C" REFERENCES incident_category,
    title_zh text NOT NULL,
    title_en text NOT NULL,
    hazard   boolean NOT NULL DEFAULT false
);

CREATE TABLE incident (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    source      text COLLATE "C" NOT NULL,
    source_id   text COLLATE "C" NOT NULL,
    category    text NOT NULL,                       -- a code of incident_category, or the source's own word
    state       text NOT NULL DEFAULT 'reported',
    address     text NOT NULL DEFAULT '',
    department  text NOT NULL DEFAULT '',
    reported_at timestamptz NOT NULL,
    due_at      timestamptz,
    closed_at   timestamptz,
    point       geometry(Point, 4326),
    cell        bigint,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT incident_source_is_unique UNIQUE (source, source_id),
    CONSTRAINT incident_state_is_known CHECK (state IN
        ('reported', 'accepted', 'dispatched', 'handled', 'closed', 'held')),
    CONSTRAINT incident_has_a_cell_where_it_has_a_place CHECK ((point IS NULL) = (cell IS NULL))
);
CREATE INDEX incident_cell ON incident (cell);
CREATE INDEX incident_point ON incident USING gist (point);
CREATE INDEX incident_reported ON incident (reported_at DESC, id DESC);

CREATE TABLE incident_unit (
    incident_id uuid NOT NULL REFERENCES incident ON DELETE CASCADE,
    unit_id     bigint NOT NULL REFERENCES unit,
    valid_from  date NOT NULL,
    valid_to    date,
    PRIMARY KEY (incident_id, valid_from),
    CONSTRAINT incident_unit_validity_is_in_order CHECK (valid_to IS NULL OR valid_to > valid_from)
);
CREATE INDEX incident_unit_in_force ON incident_unit (unit_id) WHERE valid_to IS NULL;

CREATE TABLE service_tier (
    code     text COLLATE "C" PRIMARY KEY,           -- center, station, point, stop
    rank     smallint NOT NULL UNIQUE,
    title_zh text NOT NULL,
    title_en text NOT NULL
);
INSERT INTO service_tier VALUES
    ('center',  10, '党群服务中心', 'Service center'),
    ('station', 20, '党群服务站',   'Service station'),
    ('point',   30, '党群服务点',   'Service point'),
    ('other',   40, '其他服务点',   'Other point');

CREATE TABLE service_function (
    code     text COLLATE "C" PRIMARY KEY,
    title_zh text NOT NULL,
    title_en text NOT NULL,
    builtin  boolean NOT NULL DEFAULT false
);
INSERT INTO service_function VALUES
    ('one-stop',     '一窗受理', 'One-stop window', true),
    ('medical',      '医疗卫生', 'Medical care',    true),
    ('elderly-care', '为老服务', 'Elderly care',    true),
    ('child-care',   '托育儿童', 'Child care',      true),
    ('disability',   '助残服务', 'Disability services', true),
    ('culture',      '文化活动', 'Culture',         true),
    ('study',        '学习教育', 'Study',           true),
    ('deliberation', '自治议事', 'Deliberation',    true),
    ('opinion',      '社情民意', 'Residents'' opinion', true),
    ('deputy',       '代表接待', 'Deputies'' reception', true),
    ('volunteer',    '公益志愿', 'Volunteers',      true),
    ('mediation',    '综治调解', 'Mediation',       true),
    ('canteen',      '社区食堂', 'Canteen',         true),
    ('rest-stop',    '红色加油站', 'Rest stop for couriers', true),
    ('employment',   '就业援助', 'Employment',      true),
    ('welfare',      '社会福利', 'Social welfare',  true),
    ('other',        '其他',     'Other',           true);

CREATE TABLE service_point (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       text COLLATE "C" NOT NULL,
    source_id    text COLLATE "C" NOT NULL,
    name         text NOT NULL,
    tier         text COLLATE "C" NOT NULL REFERENCES service_tier,
    address      text NOT NULL DEFAULT '',
    capacity     integer,                            -- people served at once
    ground_floor boolean,
    step_free    boolean,
    mobile       boolean NOT NULL DEFAULT false,
    point        geometry(Point, 4326) NOT NULL,
    cell         bigint NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT service_point_source_is_unique UNIQUE (source, source_id),
    CONSTRAINT service_point_has_a_name CHECK (name <> '')
);
CREATE INDEX service_point_point ON service_point USING gist (point);

CREATE TABLE service_point_unit (
    service_point_id bigint NOT NULL REFERENCES service_point ON DELETE CASCADE,
    unit_id      bigint NOT NULL REFERENCES unit,
    valid_from   date NOT NULL,
    valid_to     date,
    PRIMARY KEY (service_point_id, valid_from),
    CONSTRAINT service_point_unit_validity_is_in_order CHECK (valid_to IS NULL OR valid_to > valid_from)
);
CREATE INDEX service_point_unit_in_force ON service_point_unit (unit_id) WHERE valid_to IS NULL;

-- The life cycle of a point: proposed, pilot, active, paused, closed, each dated.
CREATE TABLE service_point_state (
    service_point_id bigint NOT NULL REFERENCES service_point ON DELETE CASCADE,
    state        text NOT NULL,
    valid_from   date NOT NULL,
    valid_to     date,
    PRIMARY KEY (service_point_id, valid_from),
    CONSTRAINT service_point_state_is_known CHECK (state IN ('proposed', 'pilot', 'active', 'paused', 'closed')),
    CONSTRAINT service_point_has_one_state_a_day EXCLUDE USING gist
        (service_point_id WITH =, daterange(valid_from, valid_to) WITH &&)
);

CREATE TABLE service_point_function (
    service_point_id bigint NOT NULL REFERENCES service_point ON DELETE CASCADE,
    function     text COLLATE "C" NOT NULL REFERENCES service_function,
    hours        text NOT NULL DEFAULT '',           -- OSM opening_hours; '' = not known
    sessions     text NOT NULL DEFAULT '',           -- RFC 5545 RRULE for a function offered now and then
    items        text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (service_point_id, function)
);

-- Where a mobile point stops, and when.
CREATE TABLE service_point_stop (
    service_point_id bigint NOT NULL REFERENCES service_point ON DELETE CASCADE,
    ordinal      smallint NOT NULL,
    name         text NOT NULL,
    hours        text NOT NULL DEFAULT '',
    point        geometry(Point, 4326) NOT NULL,
    PRIMARY KEY (service_point_id, ordinal)
);
