-- +goose Up

-- Visit cadences: which households are visited, by whom, and how often. They are the
-- installation's own; these are where one begins (三访 and 二十户包联). level is that of
-- the units whose posts visit by it: '' = any.
CREATE TABLE cadence (
    code       text COLLATE "C" PRIMARY KEY,
    ordinal    smallint NOT NULL UNIQUE,
    title_zh   text NOT NULL,
    title_en   text NOT NULL,
    level      text COLLATE "C" NOT NULL DEFAULT '',
    homes      text NOT NULL,
    days       integer NOT NULL,                     -- a household is visited at least once in so many
    per_post   integer,                              -- of linked households: the most that one post has
    used       boolean NOT NULL DEFAULT true,
    CONSTRAINT cadence_code_is_a_slug CHECK (code ~ '^[a-z][a-z0-9-]{0,39}$'),
    CONSTRAINT cadence_has_titles CHECK (title_zh <> '' AND title_en <> '' AND length(title_zh) <= 60 AND length(title_en) <= 100),
    CONSTRAINT cadence_homes_are_known CHECK (homes IN ('all', 'linked', 'aged', 'children', 'rental')),
    CONSTRAINT cadence_is_at_most_a_year CHECK (days BETWEEN 1 AND 366),
    CONSTRAINT cadence_of_linked_homes_has_a_most CHECK ((homes = 'linked') = (per_post IS NOT NULL) AND per_post BETWEEN 1 AND 500)
);
INSERT INTO cadence (code, ordinal, title_zh, title_en, level, homes, days, per_post) VALUES
    ('town',    10, '镇(街道)干部走访',     'Visits of the town',     'town',    'aged',   180, NULL),
    ('village', 20, '村(社区)两委走访',     'Visits of the village',  'village', 'all',    366, NULL),
    ('grid',    30, '党员、网格员走访',       'Visits of the grid',     'grid',    'all',    183, NULL),
    ('linked',  40, '二十户包联',             'Linked households',      '',        'linked',  30, 20);

-- Households that a post keeps in touch with. A duty is the post's, not a person's.
CREATE TABLE visit_link (
    household_id bigint PRIMARY KEY,                 -- no key, as for household_unit
    post_id      bigint NOT NULL REFERENCES post ON DELETE CASCADE,
    since        date NOT NULL DEFAULT (now() AT TIME ZONE 'Asia/Shanghai')::date
);
CREATE INDEX visit_link_post ON visit_link (post_id);

-- That a household was called on, and whether somebody was met: never what was said.
-- id is the client's: sent twice it is one. unit_id is the unit it lay in then.
CREATE TABLE visit (
    id           uuid PRIMARY KEY,
    household_id bigint NOT NULL,
    cadence      text COLLATE "C" NOT NULL REFERENCES cadence,
    outcome      text NOT NULL,
    unit_id      bigint,
    post_id      bigint,                             -- for which it was made; null: by none that has duties there
    account_id   bigint,
    shift_id     uuid,
    visited_at   timestamptz NOT NULL,               -- corrected by the skew of the phone's clock
    device_at    timestamptz NOT NULL,               -- as the phone said
    received_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT visit_outcome_is_known CHECK (outcome IN ('met', 'nobody', 'declined'))
);
CREATE INDEX visit_household ON visit (household_id, cadence, visited_at DESC);
CREATE INDEX visit_unit ON visit (unit_id, visited_at DESC);
CREATE INDEX visit_time ON visit (visited_at);

-- A cadence may be a year: what says when the next visit is due is kept longer.
INSERT INTO retention_rule VALUES
    ('visit', 168, '走访记录', 'Visits', '走访', 'the visit', 730, 367, 1095,
     '个人信息保护法第十九条：最长走访周期为一年', 'PIPL article 19: the longest cadence is a year');

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON cadence, visit_link, visit TO wangge_engine;
GRANT SELECT, INSERT, UPDATE ON cadence TO wangge_app;
GRANT SELECT, INSERT, DELETE ON visit_link TO wangge_app;
GRANT SELECT, INSERT ON visit TO wangge_app;

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['cadence', 'visit_link', 'visit'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY engine ON %I TO wangge_engine USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;
-- +goose StatementEnd
SELECT wall('cadence', 'select', 'true'), wall('cadence', 'insert update', '(SELECT acting_everywhere(''setting''))');
SELECT wall('visit_link', 'select insert delete', 'acting_over(visit_link.household_id, ''record'')');
-- A household that changed hands brings its visits along.
SELECT wall('visit', 'select', '{record visit.unit_id}
    OR (SELECT true FROM household_unit o WHERE o.household_id = visit.household_id AND o.valid_to IS NULL AND {record o.unit_id})');
SELECT wall('visit', 'insert', 'visit.account_id = (SELECT acting_account()) AND acting_over(visit.household_id, ''record'')');
