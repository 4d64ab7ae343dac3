-- +goose Up

-- A draft is a branch of the plan in force for one unit, its base; null when it came
-- from a file. basis is the version of the boundaries it was made from.
ALTER TABLE plan
    ADD COLUMN base_id bigint,
    ADD COLUMN basis   bigint NOT NULL DEFAULT 0,
    ADD COLUMN note    text NOT NULL DEFAULT '',
    ADD COLUMN head    integer NOT NULL DEFAULT 0,      -- the last step done
    ADD CONSTRAINT plan_note_is_short CHECK (length(note) <= 2000);

ALTER TABLE plan_unit ADD COLUMN locked boolean NOT NULL DEFAULT false;

-- A step of the workshop: what was asked, and every row it changed, before and after,
-- so that it can be taken back and done again.
CREATE TABLE plan_step (
    plan_id    bigint NOT NULL REFERENCES plan ON DELETE CASCADE,
    seq        integer NOT NULL,
    key        uuid NOT NULL,                           -- the client's own, so that nothing is done twice
    edit       jsonb NOT NULL,
    changes    jsonb NOT NULL,
    units      integer[] NOT NULL,                      -- ordinals of the rows it changed
    state      text NOT NULL DEFAULT 'done',
    made_by    text NOT NULL,
    account_id bigint,
    made_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (plan_id, seq),
    CONSTRAINT plan_step_is_done_once UNIQUE (plan_id, key),
    CONSTRAINT plan_step_state_is_known CHECK (state IN ('done', 'undone', 'dropped'))
);

-- What made each revision of a draft: a step done, or taken back.
CREATE TABLE plan_revision (
    plan_id  bigint NOT NULL REFERENCES plan ON DELETE CASCADE,
    revision integer NOT NULL,
    seq      integer NOT NULL,
    forward  boolean NOT NULL,
    PRIMARY KEY (plan_id, revision)
);

-- Who has a draft open, and where they look.
CREATE TABLE plan_presence (
    plan_id    bigint NOT NULL REFERENCES plan ON DELETE CASCADE,
    account_id bigint NOT NULL,
    name       text NOT NULL,
    place      geometry(Point, 4326),
    unit       integer,
    seen_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (plan_id, account_id)
);

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON plan_step, plan_revision, plan_presence TO wangge_engine;
GRANT SELECT, INSERT, UPDATE, DELETE ON plan_step, plan_revision, plan_presence TO wangge_app;

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['plan_step', 'plan_revision', 'plan_presence'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY engine ON %I TO wangge_engine USING (true) WITH CHECK (true)', t);
    END LOOP;
END
$$;
-- +goose StatementEnd
SELECT wall(t, 'select insert update delete', format('EXISTS (SELECT FROM plan p WHERE p.id = %I.plan_id)', t))
FROM unnest(ARRAY['plan_step', 'plan_revision', 'plan_presence']) t;
