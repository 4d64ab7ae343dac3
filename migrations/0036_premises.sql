-- +goose Up

-- Three-colour premises (消防三色码): how dangerous a building is. The colour is the
-- building's, never a person's. unit_id is the lowest unit it lay in when it came.
CREATE TABLE premises (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       text COLLATE "C" NOT NULL,          -- who keeps the register
    source_id    text COLLATE "C" NOT NULL,          -- its number there
    name         text NOT NULL,
    grade        text NOT NULL,
    reason       text NOT NULL DEFAULT '',
    inspected_on date NOT NULL,
    valid_until  date NOT NULL,                      -- the last day on which the grade may be relied on
    post_id      bigint,                             -- that inspects it
    point        geometry(Point, 4326) NOT NULL,
    unit_id      bigint,
    closed_on    date,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT premises_come_once_from_their_source UNIQUE (source, source_id),
    CONSTRAINT premises_name_is_short CHECK (name <> '' AND length(name) <= 200),
    CONSTRAINT premises_grade_is_known CHECK (grade IN ('red', 'yellow', 'green')),
    CONSTRAINT premises_reason_is_short CHECK (length(reason) <= 200 AND (reason <> '' OR grade = 'green')),
    CONSTRAINT premises_are_valid_after_inspection CHECK (valid_until >= inspected_on)
);
CREATE INDEX premises_unit ON premises (unit_id, valid_until) WHERE closed_on IS NULL;

-- A block: a zone that is to be looked at every so many days. unit_id is the unit that
-- the middle of the zone lies in.
CREATE TABLE block (
    zone_id bigint PRIMARY KEY REFERENCES zone ON DELETE CASCADE,
    unit_id bigint,
    days    integer NOT NULL,
    seen_on date,                                    -- null: never
    CONSTRAINT block_is_seen_within_a_year CHECK (days BETWEEN 1 AND 366)
);
CREATE INDEX block_unit ON block (unit_id);

CREATE TABLE checkpoint (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source     text COLLATE "C" NOT NULL,
    source_id  text COLLATE "C" NOT NULL,
    name       text NOT NULL,
    radius     integer NOT NULL,                     -- metres within which a mark is near
    point      geometry(Point, 4326) NOT NULL,
    unit_id    bigint,
    closed_on  date,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT checkpoint_comes_once_from_its_source UNIQUE (source, source_id),
    CONSTRAINT checkpoint_has_a_name CHECK (name <> '' AND length(name) <= 200),
    CONSTRAINT checkpoint_radius_is_short CHECK (radius BETWEEN 5 AND 500)
);
CREATE INDEX checkpoint_unit ON checkpoint (unit_id) WHERE closed_on IS NULL;

-- What the QR code or the tag at a checkpoint holds. Who marks there knows it from there.
CREATE TABLE checkpoint_code (
    checkpoint_id bigint PRIMARY KEY REFERENCES checkpoint ON DELETE CASCADE,
    code          uuid NOT NULL DEFAULT gen_random_uuid()
);
-- +goose StatementBegin
CREATE FUNCTION give_code() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$ BEGIN INSERT INTO checkpoint_code (checkpoint_id) VALUES (NEW.id); RETURN NULL; END $$;
CREATE TRIGGER checkpoint_has_a_code AFTER INSERT ON checkpoint FOR EACH ROW EXECUTE FUNCTION give_code();

-- checkpoint_knows says whether a code is that of a checkpoint, to who may not read it.
CREATE FUNCTION checkpoint_knows(id bigint, said text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT EXISTS (SELECT FROM checkpoint_code c WHERE c.checkpoint_id = checkpoint_knows.id AND c.code::text = lower(said)) $$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION checkpoint_knows(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION checkpoint_knows(bigint, text) TO wangge_app, wangge_engine;

-- That somebody was at a checkpoint. id is the client's: sent twice it is one. What is
-- odd about a mark is flagged, and it is kept.
CREATE TABLE checkpoint_mark (
    id            uuid PRIMARY KEY,
    checkpoint_id bigint NOT NULL REFERENCES checkpoint ON DELETE CASCADE,
    unit_id       bigint,
    account_id    bigint,
    shift_id      uuid,
    by            text NOT NULL,
    metres        integer,                           -- between the phone and the checkpoint; null: not told
    flags         text[] NOT NULL,
    marked_at     timestamptz NOT NULL,              -- corrected by the skew of the phone's clock
    device_at     timestamptz NOT NULL,
    received_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT checkpoint_mark_way_is_known CHECK (by IN ('gps', 'qr', 'nfc')),
    CONSTRAINT checkpoint_mark_flags_are_known CHECK (flags <@ '{far,unsure,code}')
);
CREATE INDEX checkpoint_mark_of ON checkpoint_mark (checkpoint_id, marked_at DESC);
CREATE INDEX checkpoint_mark_time ON checkpoint_mark (marked_at);

-- A beat: checkpoints in an order, and on which days they are walked.
CREATE TABLE beat (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    unit_id    bigint NOT NULL,
    weekdays   smallint[] NOT NULL,                  -- 1 Monday … 7 Sunday
    starts     smallint NOT NULL,                    -- minute of the day in China
    ends       smallint NOT NULL,
    created_by text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT beat_has_a_name CHECK (name <> '' AND length(name) <= 100),
    CONSTRAINT beat_has_a_day CHECK (cardinality(weekdays) BETWEEN 1 AND 7 AND weekdays <@ '{1,2,3,4,5,6,7}'),
    CONSTRAINT beat_ends_after_its_start CHECK (starts >= 0 AND ends > starts AND ends <= 1440)
);
CREATE INDEX beat_unit ON beat (unit_id);
CREATE TABLE beat_stop (
    beat_id       bigint NOT NULL REFERENCES beat ON DELETE CASCADE,
    ordinal       integer NOT NULL,                  -- from 1
    checkpoint_id bigint NOT NULL REFERENCES checkpoint ON DELETE CASCADE,
    PRIMARY KEY (beat_id, ordinal)
);
CREATE INDEX beat_stop_checkpoint ON beat_stop (checkpoint_id);

INSERT INTO retention_rule VALUES
    ('checkpoint-mark', 169, '打卡记录', 'Marks at checkpoints', '打卡', 'the mark', 365, 30, 1095,
     '个人信息保护法第十九条：在岗证明所需', 'PIPL article 19: as long as service may have to be shown');

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON premises, block, checkpoint, checkpoint_code, checkpoint_mark, beat, beat_stop TO wangge_engine;
GRANT SELECT ON premises, block, checkpoint, checkpoint_code, checkpoint_mark, beat, beat_stop TO wangge_app;
GRANT UPDATE (grade, reason, inspected_on, valid_until, post_id, updated_at) ON premises TO wangge_app;
GRANT UPDATE (seen_on) ON block TO wangge_app;
GRANT INSERT ON checkpoint_mark, beat, beat_stop TO wangge_app;
GRANT UPDATE, DELETE ON beat TO wangge_app;
GRANT DELETE ON beat_stop TO wangge_app;

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['premises', 'block', 'checkpoint', 'checkpoint_code', 'checkpoint_mark', 'beat', 'beat_stop'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY engine ON %I TO wangge_engine USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;
-- +goose StatementEnd
SELECT wall('premises', 'select', '{place premises.unit_id}'), wall('premises', 'update', '{record premises.unit_id}');
SELECT wall('block', 'select', '{map block.unit_id}'), wall('block', 'update', '{record block.unit_id}');
SELECT wall('checkpoint', 'select', '{map checkpoint.unit_id}');
SELECT wall('checkpoint_code', 'select', 'EXISTS (SELECT FROM checkpoint c WHERE c.id = checkpoint_code.checkpoint_id AND {plan c.unit_id})');
SELECT wall('checkpoint_mark', 'select', 'checkpoint_mark.account_id = (SELECT acting_account()) OR {record checkpoint_mark.unit_id}'),
       wall('checkpoint_mark', 'insert', 'checkpoint_mark.account_id = (SELECT acting_account()) AND {record checkpoint_mark.unit_id}');
SELECT wall('beat', 'select', '{map beat.unit_id}'), wall('beat', 'insert update delete', '{plan beat.unit_id}');
SELECT wall('beat_stop', 'select', 'EXISTS (SELECT FROM beat b WHERE b.id = beat_stop.beat_id)'),
       wall('beat_stop', 'insert delete', 'EXISTS (SELECT FROM beat b WHERE b.id = beat_stop.beat_id AND {plan b.unit_id})');
-- A zone of the town that is a block in a grid is seen in that grid.
CREATE POLICY app_select_block ON zone FOR SELECT TO wangge_app USING (EXISTS (SELECT FROM block b WHERE b.zone_id = zone.id));
