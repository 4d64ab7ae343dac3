-- +goose Up

-- Who has an area sees how its units lie in each other, down to the last, and what lies above
-- it. So far only rows that begin or end at the roots were seen: a village's secretary who
-- asked for what is due in one of its grids was told that nothing is.
CREATE FUNCTION acting_units(permission text) RETURNS SETOF bigint LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT a.unit_id FROM unit_ancestor a WHERE a.ancestor_id = ANY (public.acting_area(permission)) $$;
REVOKE ALL ON FUNCTION acting_units(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION acting_units(text) TO wangge_app;

ALTER POLICY app_select ON unit_ancestor USING (
    (SELECT acting_everywhere('map')) OR ancestor_id = ANY ((SELECT acting_area('map'))::bigint[])
    OR unit_id = ANY ((SELECT acting_area('map'))::bigint[]) OR ancestor_id IN (SELECT acting_units('map')));
