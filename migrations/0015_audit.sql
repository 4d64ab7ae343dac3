-- +goose Up

-- ── the audit is append-only ─────────────────────────────────────────────────
-- A row is inserted in the transaction that it records. The sealer (geo/audit)
-- then links committed rows into a chain: the hash of a link covers its row and
-- the link before. Links are closed into signed segments, so that retention can
-- remove old ones while the rest still verifies. See docs/decisions/0016.

REVOKE ALL ON audit FROM wangge_app, wangge_engine, wangge_reader;
GRANT SELECT ON audit TO wangge_app, wangge_engine;
GRANT INSERT (actor, action, subject, subject_id, detail) ON audit TO wangge_app, wangge_engine; -- the time is the database's
ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY engine ON audit TO wangge_engine USING (true) WITH CHECK (true);
SELECT wall('audit', 'select', '(SELECT acting_everywhere(''audit''))'), wall('audit', 'insert', 'true');

CREATE INDEX audit_actor  ON audit (actor, id);
CREATE INDEX audit_action ON audit (action, id);
CREATE INDEX audit_at     ON audit USING brin (at);

-- Rows that have no link yet.
CREATE TABLE audit_pending (
    audit_id bigint PRIMARY KEY
);

CREATE TABLE audit_link (
    seq      bigint PRIMARY KEY,
    audit_id bigint NOT NULL,
    hash     bytea NOT NULL,                         -- SHA-256
    CONSTRAINT audit_link_is_the_only_one_of_its_row UNIQUE (audit_id),
    CONSTRAINT audit_link_is_counted_from_one CHECK (seq > 0),
    CONSTRAINT audit_link_hash_has_32_bytes CHECK (octet_length(hash) = 32)
);

CREATE TABLE audit_segment (
    id         bigint PRIMARY KEY,                   -- 1, 2, 3 …
    first_seq  bigint NOT NULL,
    last_seq   bigint NOT NULL,
    before     bytea NOT NULL,                       -- hash of the link before the first; 32 zeros for seq 1
    hash       bytea NOT NULL,                       -- hash of the last link
    from_at    timestamptz NOT NULL,                 -- the earliest and the latest row
    to_at      timestamptz NOT NULL,
    closed_at  timestamptz NOT NULL,
    key        text NOT NULL,                        -- which key signed
    signature  bytea NOT NULL,                       -- Ed25519, of all columns above
    dropped_at timestamptz,                          -- when its rows were removed
    CONSTRAINT audit_segment_is_in_order CHECK (last_seq >= first_seq)
);

-- +goose StatementBegin
CREATE FUNCTION audit_await_link() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO audit_pending (audit_id) VALUES (NEW.id);
    RETURN NULL;
END
$$;

-- audit_refuse stands before every change of what was recorded, whoever asks. An
-- owner of the tables can remove it; the chain shows what is done then.
CREATE FUNCTION audit_refuse() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP <> 'TRUNCATE' AND current_setting('wangge.audit_drop', true) = 'on' THEN
        RETURN NULL; -- before a statement the value means nothing
    END IF;
    RAISE EXCEPTION '% of %: the audit is append-only', lower(TG_OP), TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

-- audit_drop removes the rows of segments closed before a time, and keeps their
-- headers. Three years is the least that the law asks for (PIPL, article 56).
CREATE FUNCTION audit_drop(cutoff timestamptz, OUT segments bigint, OUT rows bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF cutoff > now() - interval '3 years' THEN
        RAISE EXCEPTION 'audit rows are kept for three years' USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_is_kept_three_years';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('audit_link'));
    PERFORM set_config('wangge.audit_drop', 'on', true); -- only a superuser may write it into the head of a function
    WITH gone AS (
        UPDATE audit_segment s SET dropped_at = now()
        WHERE s.closed_at < cutoff AND s.dropped_at IS NULL
        RETURNING s.first_seq, s.last_seq),
    links AS (
        DELETE FROM audit_link l USING gone g WHERE l.seq BETWEEN g.first_seq AND g.last_seq
        RETURNING l.audit_id),
    removed AS (
        DELETE FROM audit a USING links l WHERE a.id = l.audit_id
        RETURNING a.id)
    SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM removed) INTO segments, rows;
    PERFORM set_config('wangge.audit_drop', '', true);
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION audit_drop(timestamptz), audit_await_link(), audit_refuse() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_drop(timestamptz) TO wangge_engine;

INSERT INTO audit_pending SELECT id FROM audit; -- rows of earlier releases are linked first
CREATE TRIGGER audit_waits AFTER INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_await_link();
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_link_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_link FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_segment_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_segment FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- Only the engine links and looks at links.
ALTER TABLE audit_pending ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_link    ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_segment ENABLE ROW LEVEL SECURITY;
CREATE POLICY engine ON audit_pending TO wangge_engine USING (true) WITH CHECK (true);
CREATE POLICY engine ON audit_link    TO wangge_engine USING (true) WITH CHECK (true);
CREATE POLICY engine ON audit_segment TO wangge_engine USING (true) WITH CHECK (true);
GRANT SELECT, DELETE ON audit_pending TO wangge_engine;
GRANT SELECT, INSERT ON audit_link, audit_segment TO wangge_engine;

-- ── break-glass ──────────────────────────────────────────────────────────────
-- Access beyond one's posts, for a reason and a few hours: granted at once, seen
-- by whoever reads the log or guards privacy there, and over by itself.

CREATE TABLE break_glass (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    unit_id    bigint NOT NULL,
    permission text NOT NULL,
    reason     text NOT NULL,
    starts_at  timestamptz NOT NULL DEFAULT now(),
    ends_at    timestamptz NOT NULL,                 -- earlier than was asked for when somebody ended it
    ended_by   text,
    CONSTRAINT break_glass_is_for_places_or_contacts CHECK (permission IN ('place', 'contact')),
    CONSTRAINT break_glass_has_a_reason CHECK (char_length(btrim(reason)) BETWEEN 10 AND 500),
    CONSTRAINT break_glass_ends_within_four_hours CHECK (ends_at >= starts_at AND ends_at <= starts_at + interval '4 hours')
);
CREATE INDEX break_glass_account ON break_glass (account_id, ends_at);
CREATE INDEX break_glass_unit ON break_glass (unit_id, id);

ALTER TABLE break_glass ENABLE ROW LEVEL SECURITY;
CREATE POLICY engine ON break_glass TO wangge_engine USING (true) WITH CHECK (true);
SELECT wall('break_glass', 'select', 'account_id = (SELECT acting_account()) OR {audit break_glass.unit_id} OR {privacy break_glass.unit_id}'),
       wall('break_glass', 'insert', 'account_id = (SELECT acting_account())'),
       wall('break_glass', 'update', 'account_id = (SELECT acting_account()) OR {privacy break_glass.unit_id}');
GRANT SELECT ON break_glass TO wangge_app, wangge_engine;
GRANT INSERT (account_id, unit_id, permission, reason, ends_at), UPDATE (ends_at, ended_by) ON break_glass TO wangge_app, wangge_engine;

-- What an account may do is what its posts allow, and what it broke the glass for.
ALTER FUNCTION grants_of(bigint) RENAME TO post_grants_of;
-- +goose StatementBegin
CREATE FUNCTION grants_of(who bigint) RETURNS TABLE (post_id bigint, kind text, unit_id bigint, may text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT g.post_id, g.kind, g.unit_id, g.may FROM post_grants_of(who) g
    UNION ALL
    SELECT -b.id, 'break-glass', b.unit_id, CASE b.permission WHEN 'contact' THEN ARRAY['map', 'place', 'contact'] ELSE ARRAY['map', 'place'] END
    FROM break_glass b JOIN account c ON c.id = b.account_id
    WHERE b.account_id = who AND c.disabled_on IS NULL AND b.starts_at <= now() AND b.ends_at > now();
END
$$;
-- +goose StatementEnd
