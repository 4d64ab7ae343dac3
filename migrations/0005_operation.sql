-- +goose Up

-- What the tiles show has changed: one row per change, read in order. Writers of
-- one layer take turns from here to their commit, so that no reader can skip one.
CREATE TABLE layer_change (
    version    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer      text NOT NULL,                        -- grid household incident service-point background zone
    subject    text[],                               -- ids that changed; null = everything
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX layer_change_layer ON layer_change (layer, version);

-- raise_layer records a change and tells everyone who listens, at commit.
-- +goose StatementBegin
CREATE FUNCTION raise_layer(changed text, ids text[]) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE raised bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('layer:' || changed));
    INSERT INTO layer_change (layer, subject) VALUES (changed, ids) RETURNING version INTO raised;
    PERFORM pg_notify('layer_change', changed);
    RETURN raised;
END
$$;
-- +goose StatementEnd

-- Who did what. Never a name, an address or a phone in detail.
CREATE TABLE audit (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    actor      text NOT NULL,
    action     text NOT NULL,                        -- "publish", "import", "move"
    subject    text NOT NULL,                        -- "plan", "household"
    subject_id text NOT NULL DEFAULT '',
    detail     jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_subject ON audit (subject, subject_id);

-- Long work as people see it; River runs it.
CREATE TABLE job (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL,
    title       text NOT NULL,
    state       text NOT NULL DEFAULT 'waiting',
    stage       text NOT NULL DEFAULT '',
    done        bigint NOT NULL DEFAULT 0,
    total       bigint NOT NULL DEFAULT 0,           -- 0 = not known
    args        jsonb NOT NULL DEFAULT '{}',
    result      jsonb,
    problem     jsonb,                               -- RFC 9457
    river_id    bigint,
    cancel      boolean NOT NULL DEFAULT false,
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    started_at  timestamptz,
    finished_at timestamptz,
    CONSTRAINT job_state_is_known CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled'))
);

CREATE TABLE setting (
    key   text PRIMARY KEY,
    value jsonb NOT NULL
);
INSERT INTO setting VALUES
    ('attribution',   '""'),
    ('review_number', '""'),
    ('demo',          '"false"');
