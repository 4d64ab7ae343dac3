-- +goose Up

ALTER TABLE incident DROP CONSTRAINT incident_state_is_known;
ALTER TABLE incident ADD CONSTRAINT incident_state_is_known CHECK (state IN
    ('reported', 'accepted', 'dispatched', 'handled', 'verified', 'closed', 'held'));
ALTER TABLE incident ADD COLUMN text text NOT NULL DEFAULT '';            -- of the report; holds no phone and no identity number
ALTER TABLE incident ADD COLUMN accuracy double precision;                -- metres, of the place
ALTER TABLE incident ADD COLUMN private boolean NOT NULL DEFAULT false;   -- for nobody but those who work on it
ALTER TABLE incident ADD COLUMN shift_id uuid;                            -- in which it was seen
ALTER TABLE incident ADD COLUMN reporter_id bigint;                       -- the account; null: imported
ALTER TABLE incident ADD CONSTRAINT incident_text_is_short CHECK (length(text) <= 200);
CREATE INDEX incident_due ON incident (due_at) WHERE closed_at IS NULL;

-- How long an incident may stand in a state: of a small class, else of its large one, else of all ('').
CREATE TABLE incident_limit (
    category text COLLATE "C" NOT NULL,
    state    text NOT NULL,
    amount   integer NOT NULL,
    unit     text NOT NULL,
    PRIMARY KEY (category, state),
    CONSTRAINT incident_limit_has_a_state_with_a_clock CHECK (state IN ('reported', 'accepted', 'dispatched', 'handled', 'verified')),
    CONSTRAINT incident_limit_is_positive CHECK (amount > 0),
    CONSTRAINT incident_limit_unit_is_known CHECK (unit IN ('minutes', 'working-hours', 'working-days'))
);
-- A beginning, which each place replaces by its own; cities differ widely.
INSERT INTO incident_limit VALUES
    ('',     'reported', 2, 'working-hours'), ('',   'accepted', 4, 'working-hours'), ('',   'dispatched', 5, 'working-days'),
    ('',     'handled',  2, 'working-days'),  ('',   'verified', 1, 'working-days'),
    ('05',   'reported', 15, 'minutes'),      ('05', 'accepted', 15, 'minutes'),      ('05', 'dispatched', 120, 'minutes'),
    ('09',   'reported', 60, 'minutes'),      ('09', 'accepted', 2, 'working-hours'), ('09', 'dispatched', 1, 'working-days'),
    ('0102', 'dispatched', 4, 'working-hours');

-- Why a step was taken, in codes: a free text would come to name people.
CREATE TABLE incident_reason (
    code     text COLLATE "C" PRIMARY KEY,
    acts     text[] NOT NULL,                        -- the steps it is given for
    title_zh text NOT NULL,
    title_en text NOT NULL
);
INSERT INTO incident_reason VALUES
    ('not-admitted',     '{close}',            '不属于受理范围',   'not within what is taken on'),
    ('duplicate',        '{close}',            '重复上报',         'reported already'),
    ('unfounded',        '{close,return}',     '现场未见所报情况', 'not found on the spot'),
    ('solved',           '{close}',            '已解决',           'solved'),
    ('not-solvable',     '{close}',            '条件所限无法解决', 'cannot be solved as things are'),
    ('wrong-post',       '{return}',           '不属于本岗位职责', 'not a duty of this post'),
    ('unclear',          '{return}',           '地点或情况不清',   'the place or the matter is not clear'),
    ('too-early',        '{return}',           '手续未齐',         'something before it is missing'),
    ('not-done',         '{reject}',           '未处置',           'not done'),
    ('partly-done',      '{reject}',           '处置不彻底',       'not done fully'),
    ('back-again',       '{reopen}',           '问题再次出现',     'it is there again'),
    ('closed-by-mistake','{reopen}',           '误结案',           'closed by mistake'),
    ('weather',          '{hold,extend}',      '天气原因',         'the weather'),
    ('season',           '{hold,extend}',      '须待季节或工期',   'waits for the season or for works'),
    ('owner-absent',     '{hold,extend}',      '责任人无法联系',   'the owner cannot be reached'),
    ('several-parties',  '{hold,extend}',      '需多方协调',       'several parties have to agree'),
    ('ready',            '{resume}',           '条件具备',         'it can go on'),
    ('pin-wrong',        '{move}',             '定位有误',         'the place was wrong');

-- What was done with an incident, one row per step; nothing is ever changed in it. id is
-- the client's: sent twice it is one. No key refers to the incident, whose own is dropped
-- while a first file is loaded.
CREATE TABLE incident_step (
    id          uuid PRIMARY KEY,
    incident_id uuid NOT NULL,
    ordinal     integer NOT NULL,
    act         text NOT NULL,
    before      text NOT NULL,                       -- state; '' for the report
    after       text NOT NULL,
    reason      text COLLATE "C" REFERENCES incident_reason,
    at          timestamptz NOT NULL,
    actor       text NOT NULL,
    account_id  bigint,
    post_id     bigint,                              -- by which the actor could do it
    amount      integer,                             -- of an extension
    unit        text,
    due_at      timestamptz,                         -- of the state it came into, as counted then
    CONSTRAINT incident_step_order_is_unique UNIQUE (incident_id, ordinal),
    CONSTRAINT incident_step_extension_is_whole CHECK ((act = 'extend') = (amount IS NOT NULL AND unit IS NOT NULL))
);

-- Whose an incident is, and why, each time it was decided; the newest holds.
CREATE TABLE incident_duty (
    incident_id uuid NOT NULL,
    ordinal     integer NOT NULL,
    decided_at  timestamptz NOT NULL,
    basis       text NOT NULL,
    post_id     bigint,                              -- null: whoever runs the server
    account_id  bigint,
    found       jsonb NOT NULL,                      -- as it was explained then
    PRIMARY KEY (incident_id, ordinal),
    CONSTRAINT incident_duty_basis_is_known CHECK (basis IN ('asset', 'line', 'zone', 'grid', 'backstop'))
);
CREATE INDEX incident_duty_post ON incident_duty (post_id);

-- Posts that answer for an asset (a lamp, a lift), a line (a road, a river) or a zone,
-- before the grid does: 责任清单. unit_id is the post's.
CREATE TABLE charge (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL,
    name       text NOT NULL,
    category   text COLLATE "C" NOT NULL DEFAULT '', -- '' = all
    shape      geometry(Geometry, 4326) NOT NULL,
    reach      double precision NOT NULL,            -- metres around it
    post_id    bigint NOT NULL,
    unit_id    bigint NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT charge_shape_is_of_its_kind CHECK (kind = 'asset' AND ST_GeometryType(shape) = 'ST_Point'
        OR kind = 'line' AND ST_GeometryType(shape) IN ('ST_LineString', 'ST_MultiLineString')
        OR kind = 'zone' AND ST_GeometryType(shape) IN ('ST_Polygon', 'ST_MultiPolygon')),
    CONSTRAINT charge_reach_is_short CHECK (reach BETWEEN 0 AND 50),
    CONSTRAINT charge_name_is_short CHECK (name <> '' AND length(name) <= 100)
);
CREATE INDEX charge_shape ON charge USING gist (shape);

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON incident_limit, incident_reason, incident_step, incident_duty, charge TO wangge_engine;
GRANT SELECT ON incident_limit, incident_reason, incident_step, incident_duty, charge TO wangge_app;
GRANT INSERT, DELETE ON incident_limit, charge TO wangge_app;
GRANT INSERT ON incident_step, incident_duty TO wangge_app;

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['incident_limit', 'incident_reason', 'incident_step', 'incident_duty', 'charge'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY engine ON %I TO wangge_engine USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;
-- +goose StatementEnd

SELECT wall('incident_limit', 'select', 'true'), wall('incident_limit', 'insert delete', '(SELECT acting_everywhere(''setting''))');
SELECT wall('incident_reason', 'select', 'true');
SELECT wall(t, 'select', format('EXISTS (SELECT FROM incident i WHERE i.id = %I.incident_id)', t)) FROM unnest(ARRAY['incident_step', 'incident_duty']) t;
-- Who dispatches changes incidents as well as who records them.
DROP POLICY app_update ON incident;
DROP POLICY app_insert ON incident_unit;
DROP POLICY app_update ON incident_unit;
DROP POLICY app_delete ON incident_unit;
SELECT wall('incident', 'update', '(SELECT acting_everywhere(''record'')) OR (SELECT acting_everywhere(''dispatch''))
        OR (SELECT true FROM incident_unit o WHERE o.incident_id = incident.id AND o.valid_to IS NULL AND ({record o.unit_id} OR {dispatch o.unit_id}))
        OR ({record incident.area_id} OR {dispatch incident.area_id}) AND NOT incident_is_held(incident.id)');
SELECT wall('incident_unit', 'insert update delete', '{record incident_unit.unit_id} OR {dispatch incident_unit.unit_id}');
-- A step is one's own, on what one sees and may work on.
SELECT wall('incident_step', 'insert', 'incident_step.account_id = (SELECT acting_account())
    AND EXISTS (SELECT FROM incident i LEFT JOIN incident_unit o ON o.incident_id = i.id AND o.valid_to IS NULL,
                LATERAL (SELECT coalesce(o.unit_id, i.area_id) AS unit_id) n WHERE i.id = incident_step.incident_id AND ({record n.unit_id} OR {dispatch n.unit_id}))');
SELECT wall('incident_duty', 'insert', 'EXISTS (SELECT FROM incident i LEFT JOIN incident_unit o ON o.incident_id = i.id AND o.valid_to IS NULL,
                LATERAL (SELECT coalesce(o.unit_id, i.area_id) AS unit_id) n WHERE i.id = incident_duty.incident_id AND ({record n.unit_id} OR {dispatch n.unit_id}))');
SELECT wall('charge', 'select', '{map charge.unit_id}'), wall('charge', 'insert delete', '{post charge.unit_id}');
