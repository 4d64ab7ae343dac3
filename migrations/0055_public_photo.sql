-- +goose Up

-- Which photos of an incident everybody may see: those released, of the account that
-- reported. Who reads the public list reads neither photos nor what names them.
-- +goose StatementBegin
CREATE FUNCTION public_photos(uuid) RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT coalesce(array_agg(r.photo_id ORDER BY l.ordinal), '{}')
    FROM incident i JOIN incident_photo l ON l.incident_id = i.id
    JOIN photo p ON p.id = l.photo_id AND p.account_id = l.account_id
    JOIN photo_release r ON r.photo_id = p.id
    WHERE i.id = $1 AND NOT i.private
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION public_photos(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public_photos(uuid) TO wangge_reader, wangge_engine;
