-- +goose Up

-- Who supervises sees who is on duty, by post, and replays a track with a reason.
UPDATE post_kind SET may = may || '{supervise}' WHERE code IN ('leader', 'dispatcher');

CREATE INDEX shift_began ON shift (started_at);
CREATE INDEX incident_shift ON incident (shift_id) WHERE shift_id IS NOT NULL;
CREATE INDEX visit_shift ON visit (shift_id) WHERE shift_id IS NOT NULL;
CREATE INDEX checkpoint_mark_shift ON checkpoint_mark (shift_id) WHERE shift_id IS NOT NULL;

-- That somebody looked at the track of another, and why. Its officer reads it.
CREATE TABLE replay (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shift_no   bigint NOT NULL REFERENCES shift ON DELETE CASCADE,
    account_id bigint NOT NULL,                      -- who looked
    post_id    bigint,                               -- by which
    reason     text NOT NULL,
    note       text NOT NULL DEFAULT '',             -- names nobody
    at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT replay_reason_is_known CHECK (reason IN ('safety', 'complaint', 'incident', 'asked')),
    CONSTRAINT replay_note_is_short CHECK (length(note) <= 100)
);
CREATE INDEX replay_shift ON replay (shift_no);

-- supervises tells whether the acting account supervises whoever was on duty in a shift.
-- +goose StatementBegin
CREATE FUNCTION supervises(of_shift bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT EXISTS (SELECT FROM shift s WHERE s.no = of_shift AND s.started_at IS NOT NULL AND acting_may(s.unit_id, 'supervise')) $$;

-- supervised_shifts are shifts by post, without the account, that began in a time, in a
-- unit and below it (null = everywhere), the newest first, those that are no newer than
-- the last of the page before. A request gets those that its account supervises.
CREATE FUNCTION supervised_shifts(of_unit bigint, since timestamptz, until timestamptz, last_start timestamptz, last_no bigint, most integer)
RETURNS TABLE (no bigint, post_id bigint, kind text, unit_id bigint, transport text, members integer, started_at timestamptz, ended_at timestamptz,
    spans tstzmultirange, fixes bigint, incidents bigint, visits bigint, marks bigint, replays bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT s.no, s.post_id, s.kind, s.unit_id, s.transport, cardinality(s.members), s.started_at, s.ended_at, s.spans,
        (SELECT coalesce(sum(upper(r) - lower(r)), 0) FROM unnest(s.held) r),
        (SELECT count(*) FROM incident i WHERE i.shift_id = s.id AND i.reporter_id = s.account_id),
        (SELECT count(*) FROM visit v WHERE v.shift_id = s.id AND v.account_id = s.account_id),
        (SELECT count(*) FROM checkpoint_mark m WHERE m.shift_id = s.id AND m.account_id = s.account_id),
        (SELECT count(*) FROM replay p WHERE p.shift_no = s.no)
    FROM shift s
    WHERE s.started_at >= since AND s.started_at < until
      AND (last_no = 0 OR (s.started_at, s.no) < (last_start, last_no))
      AND (of_unit IS NULL OR EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = s.unit_id AND a.ancestor_id = of_unit))
      AND (current_setting('role') <> 'wangge_app' OR acting_may(s.unit_id, 'supervise'))
    ORDER BY s.started_at DESC, s.no DESC LIMIT most
$$;

-- replayed are the fixes of a shift that count, for who has just said why they look.
CREATE FUNCTION replayed(of_shift bigint, most integer) RETURNS TABLE (at timestamptz, x integer, y integer, accuracy real)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT f.at, f.x, f.y, f.accuracy
    FROM shift s JOIN fix f ON f.shift_no = s.no AND f.mark = 0 AND s.spans @> f.at
    WHERE s.no = of_shift AND (current_setting('role') <> 'wangge_app' OR acting_may(s.unit_id, 'supervise')
        AND EXISTS (SELECT FROM replay r WHERE r.shift_no = of_shift AND r.account_id = acting_account() AND r.at > now() - interval '1 minute'))
    ORDER BY f.at LIMIT most
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION supervises(bigint), supervised_shifts(bigint, timestamptz, timestamptz, timestamptz, bigint, integer), replayed(bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION supervises(bigint), supervised_shifts(bigint, timestamptz, timestamptz, timestamptz, bigint, integer), replayed(bigint, integer) TO wangge_app, wangge_engine;

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON replay TO wangge_engine;
GRANT SELECT, INSERT ON replay TO wangge_app;
ALTER TABLE replay ENABLE ROW LEVEL SECURITY;
CREATE POLICY engine ON replay TO wangge_engine USING (true) WITH CHECK (true);
SELECT wall('replay', 'select', 'replay.account_id = (SELECT acting_account()) OR EXISTS (SELECT FROM shift s WHERE s.no = replay.shift_no)'),
       wall('replay', 'insert', 'replay.account_id = (SELECT acting_account()) AND supervises(replay.shift_no)');
