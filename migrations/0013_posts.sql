-- +goose Up

-- A post's own title, from a day on; '' = the title of its kind again.
CREATE TABLE post_title (
    post_id    bigint NOT NULL REFERENCES post ON DELETE CASCADE,
    valid_from date NOT NULL,
    title      text NOT NULL,
    PRIMARY KEY (post_id, valid_from),
    CONSTRAINT post_title_is_short CHECK (length(title) <= 60)
);

-- A unit that ends hands its posts on: the new post says which one it goes on from.
ALTER TABLE post ADD COLUMN carried_from bigint REFERENCES post ON DELETE SET NULL;
CREATE INDEX post_carried_from ON post (carried_from) WHERE carried_from IS NOT NULL;
CREATE INDEX post_place ON post (coalesce(unit_id, 0), kind);
CREATE INDEX holder_post ON holder (post_id);

-- Nobody is their own deputy: one account holds one rank of a post at a time.
ALTER TABLE holder ADD CONSTRAINT holder_is_not_own_deputy EXCLUDE USING gist
    (post_id WITH =, account_id WITH =, daterange(valid_from, valid_to) WITH &&);

-- Nobody is away twice at a time: who is back, is back.
ALTER TABLE absence ADD CONSTRAINT absence_is_one_at_a_time EXCLUDE USING gist
    (account_id WITH =, tstzrange(starts_at, ends_at) WITH &&);

-- The chain of units above a unit, as of any date, is read by unit and date.
CREATE INDEX boundary_unit ON boundary (unit_id, valid_from);

-- Which posts the units of a level have. A level without a line has no template,
-- and no rule is broken there; a kind without a line does not belong to a level
-- that has some.
CREATE TABLE staffing (
    level     text COLLATE "C" NOT NULL REFERENCES level ON DELETE CASCADE,
    kind      text COLLATE "C" NOT NULL REFERENCES post_kind,
    min_posts smallint NOT NULL,
    max_posts smallint,                              -- null = any number
    leads     boolean NOT NULL DEFAULT false,        -- it answers for the unit
    deputy    boolean NOT NULL DEFAULT false,        -- it needs a B
    PRIMARY KEY (level, kind),
    CONSTRAINT staffing_numbers_are_in_order CHECK (min_posts >= 0 AND (max_posts IS NULL OR max_posts >= min_posts AND max_posts > 0))
);

-- 1 + 2 + N: one leader, two workers (full-time or part-time), any number of members.
INSERT INTO staffing (level, kind, min_posts, max_posts, leads, deputy) VALUES
    ('county',            'leader',             1, 1,    true,  true),
    ('county',            'department-officer', 0, NULL, false, false),
    ('county',            'planner',            0, NULL, false, false),
    ('county',            'analyst',            0, NULL, false, false),
    ('county',            'dispatcher',         0, NULL, false, false),
    ('county',            'administrator',      0, NULL, false, false),
    ('county',            'privacy-officer',    0, 1,    false, false),
    ('town',              'leader',             1, 1,    true,  true),
    ('town',              'department-officer', 0, NULL, false, false),
    ('town',              'planner',            1, NULL, false, false),
    ('town',              'analyst',            0, NULL, false, false),
    ('town',              'dispatcher',         1, NULL, false, true),
    ('town',              'administrator',      0, NULL, false, false),
    ('town',              'privacy-officer',    0, 1,    false, false),
    ('cluster',           'leader',             1, 1,    true,  true),
    ('cluster',           'dispatcher',         0, NULL, false, false),
    ('cluster',           'member',             0, NULL, false, false),
    ('party-committee',   'leader',             1, 1,    true,  true),
    ('party-committee',   'member',             0, NULL, false, false),
    ('village',           'leader',             1, 1,    true,  true),
    ('village',           'worker',             0, NULL, false, false),
    ('village',           'part-time-worker',   0, NULL, false, false),
    ('village',           'member',             0, NULL, false, false),
    ('village',           'planner',            0, NULL, false, false),
    ('village',           'dispatcher',         0, NULL, false, false),
    ('village',           'administrator',      0, NULL, false, false),
    ('grid',              'leader',             1, 1,    true,  true),
    ('grid',              'worker',             1, 2,    false, false),
    ('grid',              'part-time-worker',   0, 2,    false, false),
    ('grid',              'member',             0, NULL, false, false),
    ('grid-team',         'leader',             1, 1,    true,  true),
    ('grid-team',         'worker',             0, 2,    false, false),
    ('grid-team',         'part-time-worker',   0, 2,    false, false),
    ('grid-team',         'member',             0, NULL, false, false),
    ('group',             'leader',             1, 1,    true,  false),
    ('group',             'worker',             0, 2,    false, false),
    ('group',             'part-time-worker',   0, 2,    false, false),
    ('group',             'member',             0, NULL, false, false),
    ('micro-grid',        'leader',             1, 1,    true,  true),
    ('micro-grid',        'worker',             0, 2,    false, false),
    ('micro-grid',        'part-time-worker',   0, 2,    false, false),
    ('micro-grid',        'member',             0, NULL, false, false),
    ('micro-grid',        'building-head',      0, NULL, false, false),
    ('block',             'leader',             1, 1,    true,  false),
    ('block',             'member',             0, NULL, false, false),
    ('building-group',    'building-head',      1, 1,    true,  false),
    ('building-group',    'member',             0, NULL, false, false),
    ('building',          'building-head',      1, 1,    true,  false),
    ('building',          'member',             0, NULL, false, false),
    ('stairwell',         'building-head',      0, 1,    true,  false),
    ('stairwell',         'member',             0, NULL, false, false),
    ('contact-household', 'member',             0, 1,    true,  false);

-- The post that answers when nobody in the line can; '' = any administrator.
INSERT INTO setting VALUES ('backstop', '""');

-- The functions below see more than a request may, and so ask themselves what its
-- account may see.
-- +goose StatementBegin
CREATE FUNCTION is_request() RETURNS boolean LANGUAGE sql STABLE
AS $$ SELECT current_setting('role') = 'wangge_app' $$;

-- units_below are the ids of a unit and of all below it.
CREATE FUNCTION units_below(top bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT a.unit_id FROM unit_ancestor a
    WHERE a.ancestor_id = top AND (NOT is_request() OR acting_may(top, 'map'))
$$;

-- away_at has one row while an account is away: until when (null = it has not
-- said). The reason stays behind the wall of absence; that somebody is away is
-- what their colleagues must know.
CREATE FUNCTION away_at(who bigint, at timestamptz) RETURNS TABLE (until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT a.ends_at FROM absence a
    WHERE a.account_id = who AND a.starts_at <= at AND (a.ends_at IS NULL OR a.ends_at > at)
      AND (NOT is_request() OR EXISTS (
          SELECT FROM holder h JOIN post p ON p.id = h.post_id
          WHERE h.account_id = who AND (acting_may(p.unit_id, 'map') OR p.id = ANY (acting_posts()))))
$$;
-- +goose StatementEnd

-- vacancies is what is wrong with the posts of a day, one row each:
--   missing    a unit has fewer posts of a kind than its template asks for
--   excess     it has more, or a kind that does not belong there
--   vacant     a post that nobody holds
--   acting     a post that only its B holds
--   no-deputy  a post without the B that its template asks for
-- A holder whose account is disabled holds nothing. unit_id is null for posts of
-- the whole installation, which has no template.
--
-- It looks at the units in the area that the program states, below top (0 = all);
-- for a request, also only at those in the acting account's area: policies on five
-- tables would ask that again for every holder (0.6 s became 2.9 s for 25,000 units).
-- +goose StatementBegin
CREATE FUNCTION vacancies(day date, everywhere boolean, roots bigint[], top bigint)
RETURNS TABLE (unit_id bigint, code text, name text, level text, kind text, rule text, post_id bigint, ordinal smallint, count int)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 10000
SET search_path = public, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
    WITH wall AS (
        SELECT NOT is_request() OR acting_everywhere('map') AS open, acting_area('map') AS roots),
    here AS MATERIALIZED (
        SELECT u.id, u.code, u.level, b.name
        FROM boundary b JOIN unit u ON u.id = b.unit_id
        WHERE b.valid_from <= day AND (b.valid_to IS NULL OR b.valid_to > day)
          AND (everywhere OR u.id IN (SELECT a.unit_id FROM unit_ancestor a WHERE a.ancestor_id = ANY (vacancies.roots)))
          AND ((SELECT open FROM wall) OR u.id IN (SELECT a.unit_id FROM unit_ancestor a WHERE a.ancestor_id = ANY ((SELECT w.roots FROM wall w)::bigint[])))
          AND (top = 0 OR u.id IN (SELECT a.unit_id FROM unit_ancestor a WHERE a.ancestor_id = top))),
    sits AS NOT MATERIALIZED (
        SELECT h.post_id, h.rank FROM holder h JOIN account c ON c.id = h.account_id
        WHERE h.valid_from <= day AND (h.valid_to IS NULL OR h.valid_to > day) AND c.disabled_on IS NULL),
    seat AS MATERIALIZED (
        SELECT p.id, p.unit_id, p.kind, p.ordinal, a.post_id IS NOT NULL AS a, b.post_id IS NOT NULL AS b
        FROM post p
        LEFT JOIN sits a ON a.post_id = p.id AND a.rank = 'A'
        LEFT JOIN sits b ON b.post_id = p.id AND b.rank = 'B'
        WHERE p.valid_from <= day AND (p.valid_to IS NULL OR p.valid_to > day)
          AND (p.unit_id IN (SELECT id FROM here) OR p.unit_id IS NULL AND everywhere AND top = 0 AND (SELECT open FROM wall))),
    held AS MATERIALIZED (SELECT s.unit_id, s.kind, count(*) AS posts FROM seat s WHERE s.unit_id IS NOT NULL GROUP BY s.unit_id, s.kind)
    SELECT u.id, u.code, u.name, u.level, l.kind, 'missing', 0, 0::smallint, (l.min_posts - coalesce(c.posts, 0))::int
    FROM here u JOIN staffing l ON l.level = u.level AND l.min_posts > 0
    LEFT JOIN held c ON c.unit_id = u.id AND c.kind = l.kind
    WHERE coalesce(c.posts, 0) < l.min_posts
    UNION ALL
    SELECT u.id, u.code, u.name, u.level, c.kind, 'excess', 0, 0::smallint, (c.posts - coalesce(l.max_posts, 0))::int
    FROM held c JOIN here u ON u.id = c.unit_id LEFT JOIN staffing l ON l.level = u.level AND l.kind = c.kind
    WHERE c.posts > l.max_posts OR l.kind IS NULL AND u.level IN (SELECT x.level FROM staffing x)
    UNION ALL
    SELECT u.id, coalesce(u.code, ''), coalesce(u.name, ''), coalesce(u.level, ''), s.kind,
           CASE WHEN s.a THEN 'no-deputy' WHEN s.b THEN 'acting' ELSE 'vacant' END, s.id, s.ordinal, 1
    FROM seat s LEFT JOIN here u ON u.id = s.unit_id LEFT JOIN staffing l ON l.level = u.level AND l.kind = s.kind
    WHERE NOT s.a OR NOT s.b AND l.deputy
$$;

-- vacant_since is the day from which one of them was so: the last change of what
-- makes it so.
CREATE FUNCTION vacant_since(day date, unit bigint, kind text, rule text, post bigint) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT CASE WHEN is_request() AND NOT acting_may(unit, 'map') THEN NULL ELSE CASE rule
        WHEN 'missing' THEN greatest(
            (SELECT b.valid_from FROM boundary b WHERE b.unit_id = unit ORDER BY b.valid_from LIMIT 1),
            (SELECT max(p.valid_to) FROM post p WHERE p.unit_id = unit AND p.kind = vacant_since.kind AND p.valid_to <= day))
        WHEN 'excess' THEN (
            SELECT p.valid_from FROM post p JOIN unit u ON u.id = p.unit_id
            WHERE p.unit_id = unit AND p.kind = vacant_since.kind AND p.valid_from <= day AND (p.valid_to IS NULL OR p.valid_to > day)
            ORDER BY p.valid_from
            OFFSET coalesce((SELECT s.max_posts FROM staffing s JOIN unit u ON u.level = s.level WHERE u.id = unit AND s.kind = vacant_since.kind), 0) LIMIT 1)
        ELSE (
            SELECT greatest(p.valid_from, max(least(h.valid_to, (c.disabled_on AT TIME ZONE 'Asia/Shanghai')::date)))
            FROM post p
            LEFT JOIN (holder h JOIN account c ON c.id = h.account_id)
              ON h.post_id = p.id AND h.valid_from <= day
             AND h.rank = ANY (CASE rule WHEN 'acting' THEN '{A}' WHEN 'no-deputy' THEN '{B}' ELSE '{A,B}' END::text[])
            WHERE p.id = post AND p.unit_id IS NOT DISTINCT FROM unit GROUP BY p.id)
        END END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION vacancies(date, boolean, bigint[], bigint), vacant_since(date, bigint, text, text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION vacancies(date, boolean, bigint[], bigint), vacant_since(date, bigint, text, text, bigint) TO wangge_app, wangge_engine;

GRANT SELECT, INSERT, UPDATE, DELETE ON post_title, staffing TO wangge_engine, wangge_app;

ALTER TABLE post_title ENABLE ROW LEVEL SECURITY;
ALTER TABLE staffing ENABLE ROW LEVEL SECURITY;
CREATE POLICY engine ON post_title TO wangge_engine USING (true) WITH CHECK (true);
CREATE POLICY engine ON staffing TO wangge_engine USING (true) WITH CHECK (true);
SELECT wall('post_title', 'select', 'EXISTS (SELECT FROM post p WHERE p.id = post_title.post_id)'),
       wall('post_title', 'insert update delete', 'EXISTS (SELECT FROM post p WHERE p.id = post_title.post_id AND {post p.unit_id})');
SELECT wall('staffing', 'select', 'true'), wall('staffing', 'insert update delete', '(SELECT acting_everywhere(''setting''))');

-- Why somebody is away is known to themselves and to who keeps the posts there.
DROP POLICY app_select ON absence;
DROP POLICY app_insert ON absence;
DROP POLICY app_update ON absence;
DROP POLICY app_delete ON absence;
SELECT wall('absence', 'select insert update delete', 'absence.account_id = (SELECT acting_account())
    OR EXISTS (SELECT FROM account c WHERE c.id = absence.account_id AND {post c.area_id})
    OR EXISTS (SELECT FROM holder h JOIN post p ON p.id = h.post_id WHERE h.account_id = absence.account_id AND {post p.unit_id})');

-- Who keeps posts in an area appoints there to every kind of post. But nobody
-- gives themselves one that may more than they already hold there by their posts,
-- unless they keep the whole installation.
-- +goose StatementBegin
CREATE FUNCTION acting_may_give(kind text, unit bigint, who bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT acting_everywhere('post') OR acting_may(unit, 'post') AND (who <> acting_account() OR NOT EXISTS (
        SELECT FROM post_kind k, unnest(k.may) m
        WHERE k.code = acting_may_give.kind AND NOT EXISTS (
            SELECT FROM grants_of(acting_account()) g
            WHERE g.kind <> 'break-glass' AND m = ANY (g.may)
              AND (g.unit_id IS NULL OR EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = unit AND a.ancestor_id = g.unit_id)))))
$$;

-- only_ends reports whether a term, as it is about to be written, is one that
-- stands already and at most ends earlier.
CREATE FUNCTION only_ends(term holder) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM holder h
        WHERE h.id = term.id AND h.post_id = term.post_id AND h.account_id = term.account_id AND h.rank = term.rank
          AND h.valid_from <= term.valid_from AND coalesce(h.valid_to, 'infinity') >= coalesce(term.valid_to, 'infinity'))
$$;
-- +goose StatementEnd
DROP POLICY app_insert ON holder;
DROP POLICY app_update ON holder;
SELECT wall('holder', 'insert update', 'EXISTS (SELECT FROM post p WHERE p.id = holder.post_id AND {post p.unit_id}
    AND (acting_may_give(p.kind, p.unit_id, holder.account_id) OR only_ends(holder)))');
-- What a post is for does not change while somebody holds it.
REVOKE UPDATE ON post FROM wangge_app;
GRANT UPDATE (valid_to) ON post TO wangge_app;
