-- +goose Up

-- A candidate: a site where a service point could stand. No person's name, phone or
-- other private matter belongs here: owners are known to whoever keeps the list.
CREATE TABLE candidate (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       text COLLATE "C" NOT NULL,          -- who keeps the list; hand = added here
    source_id    text COLLATE "C" NOT NULL,          -- its number there
    kind         text COLLATE "C" NOT NULL,
    name         text NOT NULL,
    point        geometry(Point, 4326) NOT NULL,
    unit_id      bigint,                             -- the lowest unit it lay in when it came; null = in none
    cost         bigint,                             -- to open it, in yuan; null = not known
    capacity     integer,                            -- people served at once; null = not known
    ground_floor boolean,
    step_free    boolean,
    note         text NOT NULL DEFAULT '',
    closed_on    date,                               -- from this day on it cannot be had
    created_by   text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT candidate_kind_is_known CHECK (kind IN ('idle-house', 'vacant-premises', 'place', 'existing', 'other')),
    CONSTRAINT candidate_has_a_name CHECK (name <> '' AND length(name) <= 200),
    CONSTRAINT candidate_cost_is_not_negative CHECK (cost >= 0),
    CONSTRAINT candidate_capacity_is_not_negative CHECK (capacity >= 0),
    CONSTRAINT candidate_note_is_short CHECK (length(note) <= 500),
    CONSTRAINT candidate_comes_once_from_its_source UNIQUE (source, source_id)
);
CREATE INDEX candidate_unit_id ON candidate (unit_id);

-- A siting: a search for sites among candidates, for a column of a service circle
-- run. unit_id is the run's.
CREATE TABLE siting (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    circle_id   bigint NOT NULL REFERENCES circle ON DELETE CASCADE,
    unit_id     bigint NOT NULL,
    params      jsonb NOT NULL,
    job_id      bigint,
    digest      text NOT NULL DEFAULT '',
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX siting_circle_id ON siting (circle_id, id DESC);

-- What it found: exact for who may see single places in the unit, and rounded.
CREATE TABLE siting_result (
    siting_id bigint NOT NULL REFERENCES siting ON DELETE CASCADE,
    unit_id   bigint NOT NULL,
    rounded   boolean NOT NULL,
    body      jsonb NOT NULL,
    PRIMARY KEY (siting_id, rounded)
);

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON candidate, siting, siting_result TO wangge_engine;
GRANT SELECT ON candidate, siting, siting_result TO wangge_app;
GRANT INSERT, UPDATE ON candidate, siting TO wangge_app;
GRANT DELETE ON siting TO wangge_app;
GRANT SELECT (id, kind, point, unit_id, closed_on) ON candidate TO wangge_reader;
GRANT SELECT ON siting, siting_result TO wangge_reader;

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['candidate', 'siting', 'siting_result'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY engine ON %I TO wangge_engine USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY reader ON %I FOR SELECT TO wangge_reader USING (true)', t);
    END LOOP;
END $$;

-- Where the job of a siting stands, for whoever may see the siting.
CREATE FUNCTION siting_job_state(job bigint) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT j.state FROM job j WHERE j.id = siting_job_state.job AND j.kind = 'siting' $$;
-- +goose StatementEnd

SELECT wall('candidate', 'select', '{count candidate.unit_id} OR {load candidate.unit_id} OR {plan candidate.unit_id}'),
       wall('candidate', 'insert update', '{load candidate.unit_id} OR {plan candidate.unit_id}');
SELECT wall('siting', 'select insert update delete', '{count siting.unit_id}');
SELECT wall('siting_result', 'select', '{count siting_result.unit_id} AND (siting_result.rounded OR {place siting_result.unit_id})');
