-- +goose Up

-- Whoever assigns by the boundaries in force and whoever changes them take turns:
-- many of one kind at a time, never both (grid.HoldBoundaries, ChangeBoundaries).
-- The table is only ever locked.
CREATE TABLE boundary_turn ();

-- The version of the boundaries in force: raised by everything that changes them,
-- in the order of the commits.
CREATE FUNCTION boundaries_version() RETURNS bigint LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$ SELECT coalesce(max(version), 0) FROM layer_change WHERE layer = 'grid' $$;

-- A plan is adopted (sealed, with a date) before it takes effect.
ALTER TABLE plan
    ALTER COLUMN basis SET DEFAULT boundaries_version(),
    ADD COLUMN version    bigint,                    -- of the boundaries since it took effect
    ADD COLUMN touched    integer[],                 -- west, south, east, north on the lattice of all it wrote
    ADD COLUMN scope      bigint[],                  -- the units whose division or shape it decided
    ADD COLUMN adopted_by text,
    ADD COLUMN adopted_at timestamptz,
    ADD COLUMN job_id     bigint,                    -- puts it in force on its day
    ADD COLUMN undoes     bigint,                    -- the plan that it rolls back
    DROP CONSTRAINT plan_state_is_known,
    ADD CONSTRAINT plan_state_is_known CHECK (state IN ('draft', 'adopted', 'published', 'abandoned')),
    ADD CONSTRAINT plan_adopted_has_a_date CHECK (state <> 'adopted' OR (effective_on IS NOT NULL AND adopted_at IS NOT NULL AND adopted_by IS NOT NULL));
UPDATE plan SET basis = boundaries_version();
CREATE INDEX plan_version ON plan (version);

-- How new units of a level are named: {n} is the number in the code, {parent} the
-- name of the unit above.
ALTER TABLE level ADD COLUMN naming text NOT NULL DEFAULT '{n}';
UPDATE level SET naming = v.naming FROM (VALUES
    ('cluster', '第{n}片区'), ('grid', '第{n}网格'), ('grid-team', '第{n}工作组'), ('group', '{n}组'), ('micro-grid', '第{n}微网格'), ('block', '{parent}{n}片'),
    ('building-group', '第{n}楼组'), ('building', '{n}号楼'), ('stairwell', '{n}单元')) v (level, naming)
WHERE v.level = level.code;

-- A plan that did not take effect on its day: its job failed, was cancelled or is
-- gone. Planners and administrators of its area see it until somebody has it done
-- again or withdraws the adoption.
-- +goose StatementBegin
CREATE FUNCTION stopped_plans() RETURNS TABLE (plan_id bigint, name text, level text, effective_on date, area_id bigint, job_id bigint, job_state text, problem jsonb, stopped_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT p.id, p.name, p.level, p.effective_on, p.area_id, p.job_id, coalesce(j.state, ''), j.problem, coalesce(j.finished_at, p.adopted_at)
    FROM plan p LEFT JOIN job j ON j.id = p.job_id
    WHERE p.state = 'adopted' AND coalesce(j.state, '') NOT IN ('waiting', 'running')
      AND (current_setting('role') <> 'wangge_app' OR acting_may(p.area_id, 'plan') OR acting_may(p.area_id, 'post'))
$$;
-- +goose StatementEnd
UPDATE plan SET state = 'adopted', adopted_by = j.created_by, adopted_at = j.created_at, job_id = j.id
FROM job j
WHERE plan.state = 'draft' AND plan.effective_on IS NOT NULL AND j.kind = 'publish' AND j.state = 'waiting' AND j.args->>'plan_id' = plan.id::text;

-- The stages a plan goes through before it may be adopted, as data.
CREATE TABLE procedure (
    code     text COLLATE "C" PRIMARY KEY,
    title_zh text NOT NULL,
    title_en text NOT NULL
);
CREATE TABLE stage (
    procedure text COLLATE "C" NOT NULL REFERENCES procedure ON DELETE CASCADE,
    ordinal   smallint NOT NULL,
    code      text COLLATE "C" NOT NULL,
    title_zh  text NOT NULL,
    title_en  text NOT NULL,
    may       text NOT NULL,                         -- the permission, in the area of the plan
    binding   boolean NOT NULL,                      -- about the plan exactly as it is: an edit undoes it
    other_than text[] NOT NULL DEFAULT '{}',         -- stages that somebody else must have passed
    PRIMARY KEY (procedure, ordinal),
    UNIQUE (procedure, code)
);
INSERT INTO procedure VALUES
    ('direct',     '直接发布',             'Published directly'),
    ('two-person', '双人审批',             'Two-person approval'),
    ('four-steps', '四议:提议—商议—审议—决议', 'Four steps: proposal, deliberation, review, decision');
INSERT INTO stage (procedure, ordinal, code, title_zh, title_en, may, binding, other_than) VALUES
    ('two-person', 1, 'proposal',     '提议', 'Proposal',     'plan', true,  '{}'),
    ('two-person', 2, 'decision',     '决议', 'Decision',     'plan', true,  '{proposal}'),
    ('four-steps', 1, 'proposal',     '提议', 'Proposal',     'plan', false, '{}'),
    ('four-steps', 2, 'deliberation', '商议', 'Deliberation', 'plan', false, '{}'),
    ('four-steps', 3, 'review',       '审议', 'Review',       'plan', true,  '{proposal}'),
    ('four-steps', 4, 'decision',     '决议', 'Decision',     'plan', true,  '{proposal}');
INSERT INTO setting VALUES ('plan_procedure', '"direct"');

-- Who passed or returned a stage, in order.
CREATE TABLE plan_stage (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan_id  bigint NOT NULL REFERENCES plan ON DELETE CASCADE,
    stage    text COLLATE "C" NOT NULL,
    outcome  text NOT NULL,
    revision integer NOT NULL,                       -- of the plan
    note     text NOT NULL DEFAULT '',
    done_by  text NOT NULL,                          -- as in the audit: account:12
    done_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT plan_stage_outcome_is_known CHECK (outcome IN ('passed', 'returned')),
    CONSTRAINT plan_stage_note_is_short CHECK (length(note) <= 1000)
);
CREATE INDEX plan_stage_plan ON plan_stage (plan_id, id);

-- A comment on a place of a plan. A resident's waits until somebody has read it.
CREATE TABLE plan_comment (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan_id     bigint NOT NULL REFERENCES plan ON DELETE CASCADE,
    point       geometry(Point, 4326) NOT NULL,
    body        text NOT NULL,
    resident    boolean NOT NULL DEFAULT false,
    state       text NOT NULL DEFAULT 'shown',
    made_by     text NOT NULL,                       -- "public" of a resident: nothing is kept of who it was
    made_at     timestamptz NOT NULL DEFAULT now(),
    judged_by   text,
    resolved_by text,
    resolved_at timestamptz,
    CONSTRAINT plan_comment_state_is_known CHECK (state IN ('waiting', 'shown', 'hidden')),
    CONSTRAINT plan_comment_has_a_text CHECK (body <> '' AND length(body) <= 1000),
    CONSTRAINT plan_comment_of_a_resident_has_no_author CHECK (NOT resident OR made_by = 'public')
);
CREATE INDEX plan_comment_plan ON plan_comment (plan_id, id);

-- A consultation shows residents what is now and what is proposed, as it was when
-- it was opened: names and borders, no counts and no staff.
CREATE TABLE consultation (
    plan_id   bigint PRIMARY KEY REFERENCES plan ON DELETE CASCADE,
    title     text NOT NULL,
    note      text NOT NULL DEFAULT '',
    revision  integer NOT NULL,
    opens_on  date NOT NULL,
    closes_on date NOT NULL,                         -- the first day on which it is closed
    opened_by text NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT consultation_is_in_order CHECK (closes_on >= opens_on),
    CONSTRAINT consultation_title_is_short CHECK (title <> '' AND length(title) <= 100),
    CONSTRAINT consultation_note_is_short CHECK (length(note) <= 1000)
);
CREATE TABLE consultation_unit (
    plan_id bigint NOT NULL REFERENCES consultation ON DELETE CASCADE,
    ordinal integer NOT NULL,
    side    text NOT NULL,
    code    text NOT NULL,
    name    text NOT NULL,
    geom    geometry(MultiPolygon, 4326) NOT NULL,
    PRIMARY KEY (plan_id, side, ordinal),
    CONSTRAINT consultation_unit_side_is_known CHECK (side IN ('before', 'after'))
);

INSERT INTO retention_rule VALUES
    ('consultation-comment', 160, '居民征求意见', 'Residents'' comments on plans', '征求意见截止', 'the end of the consultation', 365, 30, 1095,
     '个人信息保护法第十九条:意见处理完毕即无需保存', 'PIPL article 19: they are not needed once they were dealt with');

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON boundary_turn, procedure, stage, plan_stage, plan_comment, consultation, consultation_unit TO wangge_engine;
GRANT INSERT ON boundary_turn TO wangge_app; -- to lock it; no policy lets a row in
GRANT SELECT ON procedure, stage, plan_stage, plan_comment, consultation, consultation_unit TO wangge_app;
GRANT INSERT ON plan_stage TO wangge_app;
GRANT INSERT, UPDATE ON plan_comment TO wangge_app;
GRANT INSERT, UPDATE, DELETE ON consultation, consultation_unit TO wangge_app;
-- What a stranger sees: open consultations and the comments that were let through.
GRANT SELECT (plan_id, title, note, opens_on, closes_on) ON consultation TO wangge_reader;
GRANT SELECT ON consultation_unit TO wangge_reader;
GRANT SELECT (id, plan_id, point, body, resident, state, made_at) ON plan_comment TO wangge_reader;

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['boundary_turn', 'procedure', 'stage', 'plan_stage', 'plan_comment', 'consultation', 'consultation_unit'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY engine ON %I TO wangge_engine USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;
-- +goose StatementEnd
CREATE POLICY reader ON consultation FOR SELECT TO wangge_reader
    USING ((now() AT TIME ZONE 'Asia/Shanghai')::date >= opens_on AND (now() AT TIME ZONE 'Asia/Shanghai')::date < closes_on);
CREATE POLICY reader ON consultation_unit FOR SELECT TO wangge_reader USING (EXISTS (SELECT FROM consultation c WHERE c.plan_id = consultation_unit.plan_id));
CREATE POLICY reader ON plan_comment FOR SELECT TO wangge_reader
    USING (resident AND state = 'shown' AND EXISTS (SELECT FROM consultation c WHERE c.plan_id = plan_comment.plan_id));

SELECT wall(t, 'select', 'true') FROM unnest(ARRAY['procedure', 'stage']) t;
SELECT wall(t, 'select insert update delete', format('EXISTS (SELECT FROM plan p WHERE p.id = %I.plan_id)', t))
FROM unnest(ARRAY['plan_stage', 'plan_comment', 'consultation', 'consultation_unit']) t;
