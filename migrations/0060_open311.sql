-- +goose Up

-- When the list of classes changed last, for programs that keep a copy of it.
INSERT INTO setting VALUES ('categories_changed', to_jsonb(now()));
-- +goose StatementBegin
CREATE FUNCTION mark_categories_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE setting SET value = to_jsonb(now()) WHERE key = 'categories_changed';
    RETURN NULL;
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION mark_categories_changed() FROM PUBLIC;
CREATE TRIGGER incident_category_changed AFTER INSERT OR UPDATE OR DELETE ON incident_category
    FOR EACH STATEMENT EXECUTE FUNCTION mark_categories_changed();
