-- +goose Up

-- The photos that a report names, which may come before or after it. They are those of
-- the account that reported: another's of the same id are not meant.
CREATE TABLE incident_photo (
    incident_id uuid NOT NULL,
    ordinal     integer NOT NULL,                    -- in the report, from 1
    account_id  bigint NOT NULL,
    photo_id    uuid NOT NULL,
    PRIMARY KEY (incident_id, ordinal),
    CONSTRAINT incident_photo_is_of_one_incident UNIQUE (account_id, photo_id)
);

-- Photos of incidents, as they come in pieces and as they are kept: encoded anew, without
-- what the camera wrote. id is the phone's. round counts how often it began anew.
CREATE TABLE photo (
    id         uuid PRIMARY KEY,
    account_id bigint NOT NULL,
    length     integer NOT NULL,                     -- bytes, as it is sent
    held       integer NOT NULL DEFAULT 0,           -- of those, how many are here
    round      integer NOT NULL DEFAULT 0,
    begun_at   timestamptz NOT NULL DEFAULT now(),
    arrived_at timestamptz,                          -- null while pieces are missing
    digest     bytea,                                -- SHA-256, as it was sent
    body       bytea,                                -- JPEG
    thumbnail  bytea,                                -- JPEG
    width      integer,
    height     integer,
    place      geometry(Point, 4326),                -- by the camera
    taken_at   timestamptz,                          -- by the camera
    CONSTRAINT photo_length_is_bounded CHECK (length BETWEEN 1 AND 5242880 AND held BETWEEN 0 AND length),
    CONSTRAINT photo_has_arrived_whole CHECK ((arrived_at IS NULL AND held < length AND num_nulls(digest, body, thumbnail, width, height) = 5)
        OR (arrived_at IS NOT NULL AND held = length AND num_nonnulls(digest, body, thumbnail, width, height) = 5))
);
CREATE INDEX photo_begun ON photo (account_id, begun_at);

CREATE TABLE photo_piece (
    photo_id uuid NOT NULL REFERENCES photo ON DELETE CASCADE,
    start    integer NOT NULL,
    body     bytea NOT NULL,
    PRIMARY KEY (photo_id, start)
);

-- What of a photo anybody may see: another file, faces and plates covered.
CREATE TABLE photo_release (
    photo_id    uuid PRIMARY KEY REFERENCES photo ON DELETE CASCADE,
    body        bytea NOT NULL,
    areas       jsonb NOT NULL,                      -- that were covered
    released_at timestamptz NOT NULL DEFAULT now(),
    released_by text NOT NULL
);

-- +goose StatementBegin
-- The photos of an incident go with it, and what was released of them once it is private.
CREATE FUNCTION drop_photos() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM photo p USING incident_photo l WHERE l.incident_id = OLD.id AND p.id = l.photo_id AND p.account_id = l.account_id;
        DELETE FROM incident_photo WHERE incident_id = OLD.id;
    ELSE
        DELETE FROM photo_release r USING incident_photo l WHERE l.incident_id = NEW.id AND r.photo_id = l.photo_id;
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION drop_photos() FROM PUBLIC;
CREATE TRIGGER incident_photos_go AFTER DELETE ON incident FOR EACH ROW EXECUTE FUNCTION drop_photos();
CREATE TRIGGER incident_photos_hide AFTER UPDATE OF private ON incident FOR EACH ROW WHEN (NEW.private) EXECUTE FUNCTION drop_photos();

INSERT INTO retention_rule VALUES
    ('incident-photo', 170, '事件照片', 'Photos of incidents', '事件结案', 'the closing of the incident', 365, 1, 1095,
     '个人信息保护法第十九条：结案后复核所需', 'PIPL article 19: as long as the closing may be looked into'),
    ('photo-loose', 171, '未传完或无上报的照片', 'Photos not whole, or of no report', '开始上传', 'the begin of the upload', 14, 1, 60,
     '个人信息保护法第十九条：没有对应的事件', 'PIPL article 19: they belong to no incident');

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON incident_photo, photo, photo_piece, photo_release TO wangge_engine;
GRANT SELECT, INSERT ON incident_photo TO wangge_app;
GRANT SELECT, INSERT, UPDATE ON photo TO wangge_app;
GRANT SELECT, INSERT, DELETE ON photo_piece, photo_release TO wangge_app;
GRANT SELECT (photo_id, body) ON photo_release TO wangge_reader;

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['incident_photo', 'photo', 'photo_piece', 'photo_release'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY engine ON %I TO wangge_engine USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;
-- +goose StatementEnd
CREATE POLICY reader ON photo_release FOR SELECT TO wangge_reader USING (true);
-- Photos are for who may see their incident, and for who sends them.
SELECT wall('incident_photo', 'select', 'incident_photo.account_id = (SELECT acting_account()) OR EXISTS (SELECT FROM incident i WHERE i.id = incident_photo.incident_id)'),
       wall('incident_photo', 'insert', 'incident_photo.account_id = (SELECT acting_account())
           AND EXISTS (SELECT FROM incident i WHERE i.id = incident_photo.incident_id AND i.reporter_id = incident_photo.account_id)');
SELECT wall('photo', 'select', 'photo.account_id = (SELECT acting_account())
           OR EXISTS (SELECT FROM incident_photo l WHERE l.photo_id = photo.id AND l.account_id = photo.account_id)'),
       wall('photo', 'insert update', 'photo.account_id = (SELECT acting_account())');
SELECT wall('photo_piece', 'select insert delete', 'EXISTS (SELECT FROM photo p WHERE p.id = photo_piece.photo_id AND p.account_id = (SELECT acting_account()))');
-- Who dispatches there releases and withdraws, but nothing of a private incident.
SELECT wall('photo_release', 'select', 'EXISTS (SELECT FROM photo p WHERE p.id = photo_release.photo_id)'),
       wall('photo_release', 'insert delete', 'EXISTS (
           SELECT FROM photo p JOIN incident_photo l ON l.photo_id = p.id AND l.account_id = p.account_id JOIN incident i ON i.id = l.incident_id
           LEFT JOIN incident_unit o ON o.incident_id = i.id AND o.valid_to IS NULL,
           LATERAL (SELECT coalesce(o.unit_id, i.area_id) AS unit_id) n
           WHERE p.id = photo_release.photo_id AND NOT i.private AND {dispatch n.unit_id})');
