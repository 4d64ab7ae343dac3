-- +goose Up

-- The clock of a phone: how far it lies behind ours, the least that was seen in a row
-- of deliveries, for a delivery takes time on its way but never arrives before it is sent.
CREATE TABLE device_clock (
    account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    device     uuid NOT NULL,
    skew_ms    bigint NOT NULL,
    seen_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, device)
);

-- What came from phones, each once: an item that is here was stored, and is told so again
-- without being looked at. digest is that of its kind, time and body as they were sent.
CREATE TABLE delivered (
    account_id  bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    id          uuid NOT NULL,
    kind        text NOT NULL,
    digest      bytea NOT NULL,
    device      uuid NOT NULL,
    device_at   timestamptz NOT NULL,                -- by the clock of the phone
    at          timestamptz NOT NULL,                -- by ours
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, id)
);
CREATE INDEX delivered_received ON delivered (received_at);

-- A time on duty. id is the phone's, and another account's may be the same. What a shift
-- says follows from its steps, in whichever order they come: all of it is null or empty
-- until its start is known. Fixes count within spans.
CREATE TABLE shift (
    no         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         uuid NOT NULL,
    account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    post_id    bigint NOT NULL,
    kind       text NOT NULL,                        -- of the post
    unit_id    bigint,                               -- of the post; null = everywhere
    transport  text NOT NULL DEFAULT 'foot',
    members    bigint[] NOT NULL DEFAULT '{}',       -- other accounts of the team
    started_at timestamptz,
    ended_at   timestamptz,
    spans      tstzmultirange NOT NULL DEFAULT '{}',
    held       int4multirange NOT NULL DEFAULT '{}', -- sequences of its fixes
    changed    bigint NOT NULL DEFAULT 0,            -- how often it was
    counted    bigint NOT NULL DEFAULT 0,            -- of those, how many are in seen_cell and seen_part
    days       date[] NOT NULL DEFAULT '{}',         -- on which it was counted
    made_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT shift_id_is_unique UNIQUE (account_id, id),
    CONSTRAINT shift_transport_is_known CHECK (transport IN ('foot', 'bicycle', 'car'))
) WITH (fillfactor = 70);                            -- it changes with every delivery
CREATE INDEX shift_to_count ON shift (no) WHERE changed > counted;
CREATE INDEX shift_unit ON shift (unit_id, started_at);

CREATE TABLE shift_step (
    shift_no  bigint NOT NULL REFERENCES shift ON DELETE CASCADE,
    id        uuid NOT NULL,                         -- of the item
    what      text NOT NULL,
    at        timestamptz NOT NULL,                  -- by our clock
    device_at timestamptz NOT NULL,
    members   bigint[],
    transport text,
    PRIMARY KEY (shift_no, id),
    CONSTRAINT shift_step_is_known CHECK (what IN ('start', 'pause', 'resume', 'members', 'end'))
);
CREATE UNIQUE INDEX shift_starts_once ON shift_step (shift_no) WHERE what = 'start';
CREATE UNIQUE INDEX shift_ends_once ON shift_step (shift_no) WHERE what = 'end';

-- Where a phone was, in the lattice. day is that of at in China, or of its arrival where
-- at is not believed (mark 1: longer ago than tracks are kept, 2: yet to come). Whether a
-- fix lies within its shift is not kept, for the shift's steps may come later. Partitions
-- are made when a day's first fix comes, and dropped as a whole.
CREATE TABLE fix (
    day       date NOT NULL,
    shift_no  bigint NOT NULL,
    seq       integer NOT NULL,
    at        timestamptz NOT NULL,                  -- by our clock
    device_at timestamptz NOT NULL,
    x         integer NOT NULL,
    y         integer NOT NULL,
    accuracy  real NOT NULL,                         -- metres; 0 = not told
    mark      smallint NOT NULL,
    PRIMARY KEY (shift_no, seq, day)
) PARTITION BY LIST (day);

-- What was seen, without a person: how many teams of the posts of a unit saw a cell (the
-- middle of it, or a part of a street named by its cell) on a day. unit_id is that of the posts.
CREATE TABLE seen_cell (
    day     date NOT NULL,
    unit_id bigint,
    cell    bigint NOT NULL,
    kind    text NOT NULL,
    teams   integer NOT NULL
);
CREATE INDEX seen_cell_cell ON seen_cell (cell, day);
CREATE INDEX seen_cell_unit ON seen_cell (unit_id, day);

CREATE TABLE seen_part (
    day     date NOT NULL,
    unit_id bigint,
    part    bigint NOT NULL,
    teams   integer NOT NULL
);
CREATE INDEX seen_part_part ON seen_part (part, day);
CREATE INDEX seen_part_unit ON seen_part (unit_id, day);

-- keep_fixes keeps the fixes of a shift that are not yet there, from a sequence on, and
-- returns up to which sequence none is missing. It takes turns with others of the shift.
-- +goose StatementBegin
CREATE FUNCTION keep_fixes(of_shift bigint, first integer, days date[], ats timestamptz[], device_ats timestamptz[],
    xs integer[], ys integer[], accuracies real[], marks smallint[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    owner bigint; have int4multirange; fresh int4multirange;
    whole int4range := int4range(first, first + cardinality(ats));
BEGIN
    SELECT account_id, held INTO owner, have FROM shift WHERE no = of_shift FOR UPDATE;
    IF owner IS NULL OR current_setting('role') = 'wangge_app' AND owner IS DISTINCT FROM acting_account() THEN
        RAISE insufficient_privilege USING MESSAGE = 'the shift is another account''s';
    END IF;
    fresh := int4multirange(whole) - have;
    IF fresh = int4multirange(whole) THEN
        INSERT INTO fix (day, shift_no, seq, at, device_at, x, y, accuracy, mark)
        SELECT f.day, of_shift, first + f.n::integer - 1, f.at, f.device_at, f.x, f.y, f.accuracy, f.mark
        FROM unnest(days, ats, device_ats, xs, ys, accuracies, marks) WITH ORDINALITY f (day, at, device_at, x, y, accuracy, mark, n);
    ELSIF NOT isempty(fresh) THEN
        INSERT INTO fix (day, shift_no, seq, at, device_at, x, y, accuracy, mark)
        SELECT f.day, of_shift, first + f.n::integer - 1, f.at, f.device_at, f.x, f.y, f.accuracy, f.mark
        FROM unnest(days, ats, device_ats, xs, ys, accuracies, marks) WITH ORDINALITY f (day, at, device_at, x, y, accuracy, mark, n)
        WHERE fresh @> (first + f.n::integer - 1);
    END IF;
    IF NOT isempty(fresh) THEN
        have := have + int4multirange(whole);
        UPDATE shift SET held = have, changed = changed + 1 WHERE no = of_shift;
    END IF;
    RETURN (SELECT coalesce(max(upper(r)) - 1, 0) FROM unnest(have) r WHERE lower(r) = 1);
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION keep_fixes(bigint, integer, date[], timestamptz[], timestamptz[], integer[], integer[], real[], smallint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_fixes(bigint, integer, date[], timestamptz[], timestamptz[], integer[], integer[], real[], smallint[]) TO wangge_app, wangge_engine;

INSERT INTO retention_rule VALUES
    ('shift',    125, '巡查班次',     'Shifts of patrols',     '开始', 'the start',   365, 30, 1095, '个人信息保护法第十九条：在岗证明所需', 'PIPL article 19: as long as service may have to be shown'),
    ('delivery', 126, '手机上报回执', 'Receipts of deliveries', '收到', 'its arrival', 90,  31, 365,  '个人信息保护法第十九条：防止重复上报',   'PIPL article 19: so that nothing is taken twice');

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON device_clock, delivered, shift, shift_step, fix, seen_cell, seen_part TO wangge_engine;
GRANT SELECT, INSERT, UPDATE ON device_clock, shift TO wangge_app;
GRANT SELECT, INSERT ON delivered, shift_step TO wangge_app;
GRANT SELECT ON fix, seen_cell, seen_part TO wangge_app;

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['device_clock', 'delivered', 'shift', 'shift_step', 'fix', 'seen_cell', 'seen_part'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY engine ON %I TO wangge_engine USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;
-- +goose StatementEnd
-- A track is its officer's. What was seen is for who may count there.
SELECT wall(t, 'select insert update', format('%I.account_id = (SELECT acting_account())', t)) FROM unnest(ARRAY['device_clock', 'shift']) t;
SELECT wall('delivered', 'select insert', 'delivered.account_id = (SELECT acting_account())');
SELECT wall('shift_step', 'select insert', 'EXISTS (SELECT FROM shift s WHERE s.no = shift_step.shift_no)');
SELECT wall('fix', 'select', 'EXISTS (SELECT FROM shift s WHERE s.no = fix.shift_no)');
SELECT wall(t, 'select', format('{count %1$I.unit_id}', t)) FROM unnest(ARRAY['seen_cell', 'seen_part']) t;
