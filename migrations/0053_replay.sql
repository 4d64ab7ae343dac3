-- +goose Up

-- The officer reads by what kind of post somebody looked: the post itself lies in another
-- unit, which the officer may not see, or is no more.
ALTER TABLE replay ADD COLUMN kind text NOT NULL DEFAULT '';
UPDATE replay r SET kind = p.kind FROM post p WHERE p.id = r.post_id;

-- What was done in a shift, for who has just said why they replay it: when it was on duty,
-- and when something was reported, a visit made, a checkpoint marked. Which household was
-- visited is not told, and of a private incident not of what kind it is.
-- +goose StatementBegin
CREATE FUNCTION replayed_acts(of_shift bigint, most integer) RETURNS TABLE (what text, at timestamptz, until timestamptz, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT a.what, a.at, a.until, a.name
    FROM shift s CROSS JOIN LATERAL (
        SELECT 'span' AS what, lower(r) AS at, upper(r) AS until, '' AS name FROM unnest(s.spans) r
        UNION ALL
        SELECT 'incident', i.reported_at, NULL, CASE WHEN i.private THEN '' ELSE i.category END FROM incident i WHERE i.shift_id = s.id AND i.reporter_id = s.account_id
        UNION ALL
        SELECT 'visit', v.visited_at, NULL, '' FROM visit v WHERE v.shift_id = s.id AND v.account_id = s.account_id
        UNION ALL
        SELECT 'mark', m.marked_at, NULL, c.name FROM checkpoint_mark m JOIN checkpoint c ON c.id = m.checkpoint_id WHERE m.shift_id = s.id AND m.account_id = s.account_id) a
    WHERE s.no = of_shift AND (current_setting('role') <> 'wangge_app' OR acting_may(s.unit_id, 'supervise')
        AND EXISTS (SELECT FROM replay r WHERE r.shift_no = of_shift AND r.account_id = acting_account() AND r.at > now() - interval '1 minute'))
    ORDER BY a.at, a.what LIMIT most
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION replayed_acts(bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION replayed_acts(bigint, integer) TO wangge_app, wangge_engine;
