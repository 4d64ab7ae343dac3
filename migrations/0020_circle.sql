-- +goose Up

-- Standards of walking that have a name. The speed decides more than anything else
-- (65 % covered at 5.0 km/h are 36 % at 3.2), so it is a part of the standard and
-- stands on every map and export.
CREATE TABLE walk_standard (
    code     text COLLATE "C" PRIMARY KEY,
    ordinal  smallint NOT NULL UNIQUE,
    minutes  real NOT NULL,
    metres   integer NOT NULL,                       -- 0 = no limit besides the minutes
    speed    integer NOT NULL,                       -- metres per hour
    profile  text NOT NULL,
    slope    boolean NOT NULL DEFAULT false,
    title_zh text NOT NULL,
    title_en text NOT NULL,
    source   text NOT NULL,
    CONSTRAINT walk_standard_profile_is_known CHECK (profile IN ('adult', 'elder', 'wheels'))
);
INSERT INTO walk_standard (code, ordinal, minutes, metres, speed, profile, title_zh, title_en, source) VALUES
    ('gb50180', 10, 15, 1000, 4000, 'adult',  '国标 GB 50180:15 分钟、1,000 米', 'GB 50180: 15 minutes, 1,000 m', 'GB 50180-2018: the 15-minute living circle is within 800 to 1,000 m'),
    ('strict',  20, 15,  800, 3200, 'adult',  '严格:15 分钟、800 米',            'Strict: 15 minutes, 800 m',     'the lower end of GB 50180-2018'),
    ('steady',  30, 15,    0, 3600, 'adult',  '平稳步速:每分钟 60 米',           'Steady: 60 m a minute',         'a metre a second, as plans of living circles commonly take it'),
    ('elder',   40, 15,    0, 3200, 'elder',  '老年人:每小时 3.2 公里',          'Elders: 3.2 km/h',              'walking speed of people above 70; steps count double'),
    ('router',  50, 15,    0, 5000, 'adult',  '导航步速:每小时 5 公里',          'As route planners: 5.0 km/h',   'the default of common route planners'),
    ('wheels',  60, 15,    0, 3000, 'wheels', '轮椅、婴儿车:无台阶',             'Wheelchair or pram: step-free', 'no steps, nothing marked as unfit for wheels');

-- A service circle run. unit_id 0 is the whole installation. Its results are written
-- in one transaction, and finished_at with them.
CREATE TABLE circle (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    unit_id     bigint NOT NULL,
    on_day      date NOT NULL,
    params      jsonb NOT NULL,
    job_id      bigint,
    inputs      jsonb,
    digest      text NOT NULL DEFAULT '',
    walks       integer[] NOT NULL DEFAULT '{}',     -- of each column, the walk that answers it
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX circle_unit_id ON circle (unit_id, id DESC);

-- What a column says of a unit, the run's own included. There are two rows of each:
-- the exact one for who may see single places in the unit, and the rounded one for
-- everybody else who may count there.
CREATE TABLE circle_unit (
    circle_id      bigint NOT NULL REFERENCES circle ON DELETE CASCADE,
    column_no      smallint NOT NULL,
    unit_id        bigint NOT NULL,
    rounded        boolean NOT NULL,
    hidden         boolean NOT NULL DEFAULT false,
    households     bigint NOT NULL,
    people         bigint NOT NULL,
    covered        bigint NOT NULL,
    covered_people bigint NOT NULL,
    share          double precision,
    share_people   double precision,
    p50            double precision,                 -- minutes
    p90            double precision,
    mean           double precision,
    worst_decile   double precision,
    points         integer NOT NULL,
    hours_unknown  integer NOT NULL,
    unreachable    jsonb NOT NULL DEFAULT '{}',      -- reason → households
    choices        double precision,
    overlap        double precision,
    catchment      double precision,
    enhanced       double precision,
    gravity        double precision,
    cumulative     double precision,
    curve          double precision[],                          -- share of households by minute 0 to 60; of the run's own unit
    curve_people   double precision[],
    PRIMARY KEY (circle_id, column_no, unit_id, rounded)
);

-- Cells of one resolution, packed (geo/circle/encode.go). unit_id is the run's.
CREATE TABLE circle_cell (
    circle_id  bigint NOT NULL REFERENCES circle ON DELETE CASCADE,
    unit_id    bigint NOT NULL,
    column_no  smallint NOT NULL,
    resolution smallint NOT NULL,
    rounded    boolean NOT NULL,
    body       bytea NOT NULL,
    PRIMARY KEY (circle_id, column_no, resolution, rounded)
);

-- What a column says of a point. unit_id is the run's; held_by is the unit that the
-- point stands in (the run's for one that is only thought of): who may not see that
-- unit is not told of the point.
CREATE TABLE circle_point (
    circle_id  bigint NOT NULL REFERENCES circle ON DELETE CASCADE,
    unit_id    bigint NOT NULL,
    held_by    bigint NOT NULL,
    column_no  smallint NOT NULL,
    ordinal    integer NOT NULL,
    rounded    boolean NOT NULL,
    row        jsonb NOT NULL,
    PRIMARY KEY (circle_id, column_no, ordinal, rounded)
);

-- Results of single households by lowest unit, packed. Columns that differ in their
-- minutes alone share a walk: walk_no is its number within the run.
CREATE TABLE circle_household (
    circle_id bigint NOT NULL REFERENCES circle ON DELETE CASCADE,
    unit_id   bigint NOT NULL,
    walk_no   smallint NOT NULL,
    body      bytea NOT NULL,
    PRIMARY KEY (circle_id, unit_id, walk_no)
);

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON walk_standard, circle, circle_unit, circle_cell, circle_point, circle_household TO wangge_engine;
GRANT SELECT ON walk_standard, circle, circle_unit, circle_cell, circle_point, circle_household TO wangge_app;
GRANT INSERT, UPDATE, DELETE ON circle TO wangge_app;
GRANT SELECT ON walk_standard, circle, circle_unit, circle_cell, circle_point TO wangge_reader;

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['circle', 'circle_unit', 'circle_cell', 'circle_point', 'circle_household'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY engine ON %I TO wangge_engine USING (true) WITH CHECK (true)', t);
        IF t <> 'circle_household' THEN
            EXECUTE format('CREATE POLICY reader ON %I FOR SELECT TO wangge_reader USING (true)', t);
        END IF;
    END LOOP;
END $$;

-- Where the job of a run stands, and whether its demand set is still there: whoever
-- may see the run may know it, also where these belong to another area.
CREATE FUNCTION circle_job_state(job bigint) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT j.state FROM job j WHERE j.id = circle_job_state.job AND j.kind = 'circle' $$;
CREATE FUNCTION circle_demand_is_there(id bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT EXISTS (SELECT FROM demand_set s WHERE s.id = circle_demand_is_there.id) $$;
-- +goose StatementEnd

SELECT wall('circle', 'select insert update delete', '{count circle.unit_id}');
SELECT wall(t, 'select', format('{count %1$I.unit_id} AND (%1$I.rounded OR {place %1$I.unit_id})', t)) FROM unnest(ARRAY['circle_unit', 'circle_cell']) t;
SELECT wall('circle_point', 'select', '{count circle_point.unit_id} AND {map circle_point.held_by} AND (circle_point.rounded OR {place circle_point.unit_id})');
SELECT wall('circle_household', 'select', '{place circle_household.unit_id}');
