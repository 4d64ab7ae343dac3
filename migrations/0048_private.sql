-- +goose Up

-- A private incident is read by who reported it, by who has the duty of the post that it is
-- given to, and by who dispatches there; each of them only where they see places at all. The
-- map's reader has none: tiles, analyses and what is public are without them.

-- The posts whose duties an account has now: as A, and as B while A is away.
-- +goose StatementBegin
CREATE FUNCTION acting_duties() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT coalesce(array_agg(g.post_id), '{}') FROM grants_of(public.acting_account()) g $$;

-- The post that an incident is given to. It passes the wall of incident_duty, which asks
-- that of incident.
CREATE FUNCTION incident_post(id uuid) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT d.post_id FROM incident_duty d WHERE d.incident_id = id ORDER BY d.ordinal DESC LIMIT 1 $$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION acting_duties(), incident_post(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION acting_duties(), incident_post(uuid) TO wangge_app, wangge_engine;

DROP POLICY app_select ON incident;
SELECT wall('incident', 'select', '((SELECT acting_everywhere(''place''))
        OR (SELECT true FROM incident_unit o WHERE o.incident_id = incident.id AND o.valid_to IS NULL)
        OR {place incident.area_id} AND NOT incident_is_held(incident.id))
    AND (NOT incident.private
        OR incident.reporter_id = (SELECT acting_account())
        OR (SELECT true FROM incident_unit o WHERE o.incident_id = incident.id AND o.valid_to IS NULL AND {dispatch o.unit_id})
        OR {dispatch incident.area_id} AND NOT incident_is_held(incident.id)
        OR incident_post(incident.id) = ANY ((SELECT acting_duties())::bigint[]))');

DROP POLICY reader ON incident;
CREATE POLICY reader ON incident FOR SELECT TO wangge_reader USING (NOT private);
GRANT SELECT (private) ON incident TO wangge_reader;

INSERT INTO retention_rule VALUES
    ('incident-text', 127, '事件描述', 'Texts of incidents', '结案', 'closing', 365, 30, 1095,
     '个人信息保护法第十九条：结案后仅留类别、地点与步骤', 'PIPL article 19: after closing only class, place and steps are kept');
