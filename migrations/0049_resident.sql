-- +goose Up

-- Of which classes residents may report. Disputes name persons, and are told face to face.
ALTER TABLE incident_category ADD COLUMN public boolean NOT NULL DEFAULT true;
UPDATE incident_category SET public = false WHERE code = '11' OR parent = '11';
GRANT UPDATE, INSERT, DELETE ON incident_category TO wangge_engine;

-- What residents have in hand of their reports. Nobody but the engine reads it: the code is
-- all that says who reported, and it is known to them alone.
CREATE TABLE incident_receipt (
    incident_id uuid PRIMARY KEY,
    code        text COLLATE "C" NOT NULL UNIQUE,
    digest      bytea NOT NULL,                      -- of the report as it came
    redacted    integer NOT NULL,                    -- numbers that were taken out of it
    top_id      bigint NOT NULL,                     -- the town, which takes so many a day
    made_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX incident_receipt_made ON incident_receipt (top_id, made_at);
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON incident_receipt TO wangge_engine;
ALTER TABLE incident_receipt ENABLE ROW LEVEL SECURITY;
CREATE POLICY engine ON incident_receipt TO wangge_engine USING (true) WITH CHECK (true);

-- What an incident is called in public: nobody outside can tell the incident from it.
-- +goose StatementBegin
CREATE FUNCTION public_number(id uuid) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT left(encode(sha256(decode(replace(id::text, '-', ''), 'hex')), 'hex'), 16) $$;

-- The cell of resolution 9 over one of a finer resolution: digits below are all ones (H3's
-- layout: resolution in bits 52 to 55, three bits for each digit from 1 on).
CREATE FUNCTION cell_9(cell bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT (cell & ~(15::bigint << 52)) | (9::bigint << 52) | ((1::bigint << 18) - 1) $$;
-- +goose StatementEnd
CREATE INDEX incident_public_number ON incident (public_number(id));

INSERT INTO setting VALUES ('public_report', '"false"'), ('public_report_daily', '"200"');
INSERT INTO retention_rule VALUES
    ('incident-receipt', 131, '居民上报查询码', 'Receipts of residents', '结案', 'closing', 180, 30, 730,
     '个人信息保护法第十九条：供居民查询办理结果', 'PIPL article 19: so that residents can look up what came of it');
