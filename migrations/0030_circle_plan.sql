-- +goose Up

-- A service circle may count by the units of a plan. Such a run is for who may see the
-- plan. A row of a unit that the plan draws, or of one above it, is no unit's that
-- anybody holds a post in: its unit_id is the run's own, place is its number there.
ALTER TABLE circle ADD COLUMN plan_id bigint REFERENCES plan ON DELETE CASCADE;
ALTER TABLE circle_unit
    ADD COLUMN place integer NOT NULL DEFAULT 0,     -- 0 = a unit in force
    ADD COLUMN code  text,
    ADD COLUMN name  text,
    ADD COLUMN level text COLLATE "C",
    DROP CONSTRAINT circle_unit_pkey,
    ADD PRIMARY KEY (circle_id, column_no, unit_id, place, rounded),
    ADD CONSTRAINT circle_unit_of_a_plan_has_a_code CHECK ((place = 0) = (code IS NULL));

-- plan_in_area says whether a plan is one of an area; the map's reader, who asks it too,
-- sees no plan.
-- +goose StatementBegin
CREATE FUNCTION plan_in_area(plan bigint, everywhere boolean, roots bigint[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT EXISTS (SELECT FROM plan p WHERE p.id = plan_in_area.plan AND in_area(p.area_id, everywhere, roots)
                       AND (current_setting('role') <> 'wangge_app' OR acting_may(p.area_id, 'plan'))) $$;
-- +goose StatementEnd

-- The map draws what is in force: it has no layers of such runs.
DROP POLICY reader ON circle;
DROP POLICY reader ON circle_unit;
CREATE POLICY reader ON circle FOR SELECT TO wangge_reader USING (plan_id IS NULL);
CREATE POLICY reader ON circle_unit FOR SELECT TO wangge_reader USING (place = 0);

DROP POLICY app_select ON circle;
DROP POLICY app_insert ON circle;
DROP POLICY app_update ON circle;
DROP POLICY app_delete ON circle;
SELECT wall('circle', 'select insert update delete', '{count circle.unit_id}
    AND (circle.plan_id IS NULL OR {plan circle.unit_id} AND EXISTS (SELECT FROM plan p WHERE p.id = circle.plan_id))');
DROP POLICY app_select ON circle_unit;
SELECT wall('circle_unit', 'select', '{count circle_unit.unit_id} AND (circle_unit.rounded OR {place circle_unit.unit_id})
    AND (circle_unit.place = 0 OR {plan circle_unit.unit_id})');
