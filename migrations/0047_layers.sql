-- +goose Up

-- Layers of duty are drawn by the map's reader, from columns that name nobody. What of it
-- a request is shown follows its scope.
GRANT SELECT (day, part) ON seen_part TO wangge_reader;
GRANT SELECT (id, name, grade, valid_until, point, unit_id, closed_on) ON premises TO wangge_reader;
GRANT SELECT (zone_id, unit_id, days, seen_on) ON block TO wangge_reader;
GRANT SELECT (id, name, radius, point, unit_id, closed_on) ON checkpoint TO wangge_reader;
GRANT SELECT (id, name, unit_id, weekdays, starts, ends) ON beat TO wangge_reader;
GRANT SELECT ON beat_stop TO wangge_reader;
GRANT SELECT (private) ON incident TO wangge_reader;
-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['seen_part', 'premises', 'block', 'checkpoint', 'beat', 'beat_stop'] LOOP
        EXECUTE format('CREATE POLICY reader ON %I FOR SELECT TO wangge_reader USING (true)', t);
    END LOOP;
END $$;
-- +goose StatementEnd
DROP INDEX shift_began; -- shift_started is the same
