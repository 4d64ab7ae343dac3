-- +goose Up

-- When a plan was published or abandoned; null while it is a draft or adopted.
ALTER TABLE plan ADD COLUMN ended_at timestamptz;
UPDATE plan SET ended_at = coalesce(published_at, now()) WHERE state IN ('published', 'abandoned');
-- +goose StatementBegin
CREATE FUNCTION end_plan() RETURNS trigger LANGUAGE plpgsql
AS $$
BEGIN
    NEW.ended_at := CASE WHEN NEW.state IN ('published', 'abandoned') THEN now() END;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER plan_ends BEFORE UPDATE OF state ON plan
    FOR EACH ROW WHEN (NEW.state IS DISTINCT FROM OLD.state) EXECUTE FUNCTION end_plan();

-- Points on the borders of a draft that somebody looks at in the field. area_id is the
-- plan's, unit_ids are the units in force that its points lie in or on the border of:
-- whoever may record in one of them may answer there.
CREATE TABLE border_walk (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan_id    bigint NOT NULL REFERENCES plan ON DELETE CASCADE,
    revision   integer NOT NULL,                     -- of the draft, when it was made
    area_id    bigint,
    unit_ids   bigint[] NOT NULL,
    name       text NOT NULL,
    post_id    bigint,                               -- whose task it is; both null: whoever may record there
    account_id bigint,
    metres     double precision NOT NULL,            -- in straight lines, in its order
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT border_walk_name_is_short CHECK (name <> '' AND length(name) <= 100),
    CONSTRAINT border_walk_is_the_task_of_one CHECK (post_id IS NULL OR account_id IS NULL)
);
CREATE INDEX border_walk_plan ON border_walk (plan_id, id);

CREATE TABLE border_point (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    walk_id  bigint NOT NULL REFERENCES border_walk ON DELETE CASCADE,
    ordinal  integer NOT NULL,                       -- in the walk, from 1
    place    geometry(Point, 4326) NOT NULL,
    question text NOT NULL,
    units    integer[] NOT NULL,                     -- ordinals of the draft's units that meet here
    names    text[] NOT NULL,                        -- theirs, when the walk was made
    area_id  bigint,
    unit_ids bigint[] NOT NULL,
    CONSTRAINT border_point_order_is_unique UNIQUE (walk_id, ordinal),
    CONSTRAINT border_point_question_is_short CHECK (question <> '' AND length(question) <= 300)
);

-- What somebody found there. id is the client's: sent twice it is one.
CREATE TABLE border_answer (
    id          uuid PRIMARY KEY,
    point_id    bigint NOT NULL REFERENCES border_point ON DELETE CASCADE,
    verdict     text NOT NULL,
    place       geometry(Point, 4326),               -- where the border really runs
    note        text NOT NULL DEFAULT '',
    answered_at timestamptz NOT NULL,                -- by the clock of the phone
    received_at timestamptz NOT NULL DEFAULT now(),
    answered_by text NOT NULL,
    account_id  bigint,
    CONSTRAINT border_answer_verdict_is_known CHECK (verdict IN ('right', 'wrong', 'moved')),
    CONSTRAINT border_answer_that_moves_has_a_place CHECK ((verdict = 'moved') = (place IS NOT NULL)),
    CONSTRAINT border_answer_note_is_short CHECK (length(note) <= 500)
);
CREATE INDEX border_answer_point ON border_answer (point_id);

-- Photos as they were encoded anew: nothing of the camera, the place or the time is left.
CREATE TABLE border_photo (
    id          uuid PRIMARY KEY,
    answer_id   uuid NOT NULL REFERENCES border_answer ON DELETE CASCADE,
    body        bytea NOT NULL,                      -- JPEG
    width       integer NOT NULL,
    height      integer NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX border_photo_answer ON border_photo (answer_id);

-- units_around are the units in force whose land or border a place is, of the lowest
-- level that has one there.
-- +goose StatementBegin
CREATE FUNCTION units_around(place geometry, day date) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH near AS (
        SELECT b.unit_id, l.rank, max(l.rank) OVER () AS lowest
        FROM boundary b JOIN unit u ON u.id = b.unit_id JOIN level l ON l.code = u.level
        WHERE b.lattice && to_lattice(place) AND ST_Covers(b.lattice, to_lattice(place))
          AND b.valid_from <= day AND (b.valid_to IS NULL OR b.valid_to > day))
    SELECT coalesce(array_agg(unit_id ORDER BY unit_id), '{}') FROM near WHERE rank = lowest
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION units_around(geometry, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION units_around(geometry, date) TO wangge_engine;

INSERT INTO retention_rule VALUES
    ('border-photo', 165, '边界核查照片', 'Photos of border walks', '方案发布或放弃', 'the publishing or abandoning of the plan', 180, 1, 365,
     '个人信息保护法第十九条:边界定案后即无需保存', 'PIPL article 19: they are not needed once the border is settled');

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON border_walk, border_point, border_answer, border_photo TO wangge_engine;
GRANT SELECT, INSERT, DELETE ON border_walk, border_point TO wangge_app;
GRANT UPDATE (post_id, account_id) ON border_walk TO wangge_app;
GRANT SELECT, INSERT ON border_answer, border_photo TO wangge_app;

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['border_walk', 'border_point', 'border_answer', 'border_photo'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY engine ON %I TO wangge_engine USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;
-- +goose StatementEnd
SELECT wall(t, 'select', format('{plan %1$I.area_id} OR EXISTS (SELECT FROM unnest(%1$I.unit_ids) AS n (id) WHERE {record n.id})', t)),
       wall(t, 'insert update delete', format('{plan %1$I.area_id}', t))
FROM unnest(ARRAY['border_walk', 'border_point']) t;
-- The answers at a point are known to who may see it; one's own are one's own.
SELECT wall('border_answer', 'select', 'EXISTS (SELECT FROM border_point p WHERE p.id = border_answer.point_id)');
SELECT wall('border_answer', 'insert', 'border_answer.account_id = (SELECT acting_account()) AND EXISTS (
    SELECT FROM border_point p, unnest(p.unit_ids) AS n (id) WHERE p.id = border_answer.point_id AND {record n.id})');
-- Photos are for who plans there and for who took them.
SELECT wall('border_photo', 'select', 'EXISTS (SELECT FROM border_answer a JOIN border_point p ON p.id = a.point_id
    WHERE a.id = border_photo.answer_id AND (a.account_id = (SELECT acting_account()) OR {plan p.area_id}))');
SELECT wall('border_photo', 'insert', 'EXISTS (SELECT FROM border_answer a WHERE a.id = border_photo.answer_id AND a.account_id = (SELECT acting_account()))');
