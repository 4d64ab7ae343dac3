-- +goose Up

-- Photos of residents have the account -1, which is nobody's: no account has a negative
-- number, so that whoever sends pieces without the code of the report reaches none of them.
-- They are named by their report from their first piece on. When one goes, nobody waits for it.
-- +goose StatementBegin
CREATE FUNCTION forget_resident_photo() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    DELETE FROM incident_photo WHERE account_id = OLD.account_id AND photo_id = OLD.id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION forget_resident_photo() FROM PUBLIC;
CREATE TRIGGER photo_of_resident_goes AFTER DELETE ON photo FOR EACH ROW WHEN (OLD.account_id = -1) EXECUTE FUNCTION forget_resident_photo();
