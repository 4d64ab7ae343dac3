-- +goose Up

-- Three roles. Requests run as wangge_app, which owns nothing and stands behind
-- row-level security; jobs, imports and publishing as wangge_engine, which owns
-- the tables (but not the audit) and so sees every row; the map is read by
-- wangge_reader, which sees no personal column.
-- Roles belong to the server and not to a database: Up makes them before this file
-- is read (migrations.go).

-- What a kind of post is for and may do: the one place of that rule. The
-- permissions are those of package staff.
CREATE TABLE post_kind (
    code     text COLLATE "C" PRIMARY KEY,
    rank     smallint NOT NULL UNIQUE,
    title_zh text NOT NULL,
    title_en text NOT NULL,
    purpose_zh text NOT NULL,
    purpose_en text NOT NULL,
    may      text[] NOT NULL
);
INSERT INTO post_kind (code, rank, title_zh, title_en, purpose_zh, purpose_en, may) VALUES
    ('leader',             10, '网格长',       'Grid leader',         '对网格内的走访、巡查和事件负责', 'answers for visits, patrols and incidents of the grid',       '{map,count,place,contact,record}'),
    ('worker',             20, '专职网格员',   'Grid worker',         '走访、巡查、上报',               'visits, patrols, reports',                                     '{map,count,place,contact,record}'),
    ('part-time-worker',   30, '兼职网格员',   'Part-time worker',    '走访、巡查、上报',               'visits, patrols, reports',                                     '{map,count,place,contact,record}'),
    ('member',             40, '网格成员',     'Member',              '协助网格工作',                   'helps in the grid',                                            '{map,place}'),
    ('building-head',      50, '楼栋长',       'Building head',       '联系本楼住户',                   'is in touch with the households of the building',              '{map,place,contact}'),
    ('department-officer', 60, '部门人员',     'Department officer',  '办理派给部门的事件',             'handles incidents given to the department',                    '{map,count}'),
    ('planner',            70, '规划员',       'Planner',             '划分网格、导入台账',             'draws the grids, loads ledgers',                               '{map,count,place,record,plan,load,export}'),
    ('analyst',            80, '分析员',       'Analyst',             '分析服务覆盖,只看汇总',          'studies coverage; sees aggregates only',                       '{map,count,export}'),
    ('dispatcher',         90, '调度员',       'Dispatcher',          '受理、派单、督办',               'accepts, dispatches and supervises incidents',                 '{map,count,place,dispatch}'),
    ('administrator',     100, '管理员',       'Administrator',       '管理岗位、账号和设置,不看住户',  'keeps posts, accounts and settings; sees no households',       '{map,count,post,setting}'),
    ('privacy-officer',   110, '个人信息保护负责人', 'Privacy officer', '查日志、办理权利请求,不看数据', 'reads the log and decides requests; does not see the data',     '{map,audit,privacy}');

-- An account is a sign-in, not a person: a name or phone of its person is sealed
-- elsewhere. area_id is the unit whose administrator made it; null = everywhere.
CREATE TABLE account (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login       text COLLATE "C" NOT NULL,
    area_id     bigint,
    demo        boolean NOT NULL DEFAULT false,
    disabled_on timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT account_login_is_unique UNIQUE (login),
    CONSTRAINT account_login_is_a_name CHECK (login ~ '^[a-z0-9][a-z0-9._@-]{0,63}$')
);

-- A post holds duties in a unit and all units below it. Units are never deleted
-- but with the demo town, so no key ties them: that one clears a table at once.
CREATE TABLE post (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text COLLATE "C" NOT NULL REFERENCES post_kind,
    unit_id    bigint,                               -- null = the whole installation
    department text NOT NULL DEFAULT '',
    ordinal    smallint NOT NULL DEFAULT 1,          -- among those of one kind in one unit
    valid_from date NOT NULL DEFAULT (now() AT TIME ZONE 'Asia/Shanghai')::date,
    valid_to   date,
    CONSTRAINT post_validity_is_in_order CHECK (valid_to IS NULL OR valid_to >= valid_from)
);
CREATE INDEX post_unit ON post (unit_id);

-- Who holds it: A, and B who has the duty while A is away.
CREATE TABLE holder (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    post_id    bigint NOT NULL REFERENCES post ON DELETE CASCADE,
    rank       text NOT NULL,
    account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    valid_from date NOT NULL DEFAULT (now() AT TIME ZONE 'Asia/Shanghai')::date,
    valid_to   date,
    CONSTRAINT holder_rank_is_a_or_b CHECK (rank IN ('A', 'B')),
    CONSTRAINT holder_validity_is_in_order CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT holder_is_one_per_rank_and_day EXCLUDE USING gist
        (post_id WITH =, rank WITH =, daterange(valid_from, valid_to) WITH &&)
);
CREATE INDEX holder_account ON holder (account_id);

CREATE TABLE absence (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz,                         -- null = until it is ended
    reason      text NOT NULL,                       -- a code: leave, sick, training, other
    recorded_by text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT absence_is_in_order CHECK (ends_at IS NULL OR ends_at >= starts_at),
    CONSTRAINT absence_reason_is_known CHECK (reason IN ('leave', 'sick', 'training', 'other'))
);
CREATE INDEX absence_account ON absence (account_id, starts_at);

-- parent_id is the parent of the newest boundary: an ended unit stays below the
-- last one it had. unit_ancestor holds every pair of a unit and what it lies
-- below, itself included: scope is one look-up.
ALTER TABLE unit ADD COLUMN parent_id bigint;
CREATE TABLE unit_ancestor (
    ancestor_id bigint NOT NULL,
    unit_id     bigint NOT NULL,
    PRIMARY KEY (ancestor_id, unit_id)
);
CREATE INDEX unit_ancestor_of ON unit_ancestor (unit_id) INCLUDE (ancestor_id);

-- follow_parents keeps both after a change of boundaries.
-- +goose StatementBegin
CREATE FUNCTION follow_parents() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE moved bigint[];
BEGIN
    WITH newest AS (
        SELECT DISTINCT ON (b.unit_id) b.unit_id, b.parent_id
        FROM boundary b WHERE b.unit_id IN (SELECT c.unit_id FROM changed c)
        ORDER BY b.unit_id, b.valid_from DESC),
    linked AS (
        UPDATE unit u SET parent_id = n.parent_id
        FROM newest n WHERE u.id = n.unit_id AND u.parent_id IS DISTINCT FROM n.parent_id
        RETURNING u.id)
    SELECT array_agg(id) INTO moved FROM (
        SELECT id FROM linked
        UNION
        SELECT n.unit_id FROM newest n
        WHERE NOT EXISTS (SELECT FROM unit_ancestor a WHERE a.ancestor_id = n.unit_id AND a.unit_id = n.unit_id)) m;
    IF moved IS NOT NULL THEN
        PERFORM set_ancestors(moved);
    END IF;
    RETURN NULL;
END
$$;

-- set_ancestors computes the pairs of these units and of all below them anew.
CREATE FUNCTION set_ancestors(units bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE affected bigint[];
BEGIN
    SELECT array_agg(DISTINCT id) INTO affected FROM (
        SELECT unnest(units) AS id
        UNION
        SELECT a.unit_id FROM unit_ancestor a WHERE a.ancestor_id = ANY (units)) x;
    DELETE FROM unit_ancestor WHERE unit_id = ANY (affected);
    INSERT INTO unit_ancestor (ancestor_id, unit_id)
    WITH RECURSIVE up AS (
        SELECT u.id AS unit_id, u.id AS ancestor_id, u.parent_id, 0 AS step FROM unit u WHERE u.id = ANY (affected)
        UNION ALL
        SELECT up.unit_id, p.id, p.parent_id, up.step + 1
        FROM up JOIN unit p ON p.id = up.parent_id
        WHERE up.step < 20)
    SELECT ancestor_id, unit_id FROM up
    ON CONFLICT DO NOTHING;
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION set_ancestors(bigint[]) FROM PUBLIC;

CREATE TRIGGER boundary_inserted AFTER INSERT ON boundary
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_parents();
CREATE TRIGGER boundary_updated AFTER UPDATE ON boundary
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_parents();

UPDATE unit u SET parent_id = n.parent_id
FROM (SELECT DISTINCT ON (unit_id) unit_id, parent_id FROM boundary ORDER BY unit_id, valid_from DESC) n
WHERE n.unit_id = u.id;
SELECT set_ancestors(array_agg(id)) FROM unit;

-- area_id is the unit in whose scope a thing was made; null = everywhere. It
-- decides for what lies in no unit: an unplaced household, a draft, a job.
ALTER TABLE household     ADD COLUMN area_id bigint;
ALTER TABLE incident      ADD COLUMN area_id bigint;
ALTER TABLE service_point ADD COLUMN area_id bigint;
ALTER TABLE zone          ADD COLUMN area_id bigint;
ALTER TABLE plan          ADD COLUMN area_id bigint;
ALTER TABLE upload        ADD COLUMN area_id bigint;
ALTER TABLE job           ADD COLUMN area_id bigint;
-- Whoever may this in the area of a job sees it, stops it and runs it again.
ALTER TABLE job           ADD COLUMN may text NOT NULL DEFAULT 'load';
CREATE INDEX household_area ON household (area_id) WHERE area_id IS NOT NULL;
CREATE INDEX incident_area  ON incident (area_id)  WHERE area_id IS NOT NULL;

-- grants_of is what an account may do and where, now: the posts it holds as A, and
-- as B while A is away or there is none. unit_id null = everywhere. This and the
-- next two are PL/pgSQL because that keeps its plans: every statement calls act_as.
-- +goose StatementBegin
CREATE FUNCTION grants_of(who bigint) RETURNS TABLE (post_id bigint, kind text, unit_id bigint, may text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE day date := (now() AT TIME ZONE 'Asia/Shanghai')::date;
BEGIN
    RETURN QUERY
    SELECT p.id, p.kind, p.unit_id, k.may
    FROM account c
    JOIN holder h ON h.account_id = c.id
    JOIN post p ON p.id = h.post_id
    JOIN post_kind k ON k.code = p.kind
    WHERE c.id = who AND c.disabled_on IS NULL
      AND h.valid_from <= day AND (h.valid_to IS NULL OR h.valid_to > day)
      AND p.valid_from <= day AND (p.valid_to IS NULL OR p.valid_to > day)
      AND (h.rank = 'A' OR NOT EXISTS (
          SELECT FROM holder a JOIN account ac ON ac.id = a.account_id
          WHERE a.post_id = p.id AND a.rank = 'A'
            AND a.valid_from <= day AND (a.valid_to IS NULL OR a.valid_to > day)
            AND ac.disabled_on IS NULL
            AND NOT EXISTS (SELECT FROM absence x WHERE x.account_id = a.account_id
                            AND x.starts_at <= now() AND (x.ends_at IS NULL OR x.ends_at > now()))));
END
$$;

-- act_as makes the transaction act for an account: it finds the account's grants
-- by itself, whatever the program believes. An unknown account may do nothing.
CREATE FUNCTION act_as(who text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE g record; held text := '';
BEGIN
    PERFORM set_config('wangge.account', who, true),
            -- what the transaction held for another account before
            set_config('wangge.all_' || p, '', true), set_config('wangge.area_' || p, '', true)
    FROM unnest(string_to_array(coalesce(current_setting('wangge.held', true), '') || ',', ',')) p;
    PERFORM set_config('wangge.held', '', true);
    IF who !~ '^[0-9]{1,18}$' THEN
        RETURN;
    END IF;
    FOR g IN
        SELECT m AS permission, bool_or(x.unit_id IS NULL) AS everywhere,
               coalesce(array_agg(DISTINCT x.unit_id) FILTER (WHERE x.unit_id IS NOT NULL), '{}') AS roots
        FROM grants_of(who::bigint) x, unnest(x.may) m GROUP BY m
    LOOP
        PERFORM set_config('wangge.all_' || g.permission, g.everywhere::text, true),
                set_config('wangge.area_' || g.permission, g.roots::text, true);
        held := held || g.permission || ',';
    END LOOP;
    PERFORM set_config('wangge.held', rtrim(held, ','), true);
END
$$;

CREATE FUNCTION acting_account() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN current_setting('wangge.account', true) ~ '^[0-9]{1,18}$' THEN current_setting('wangge.account', true)::bigint END $$;

CREATE FUNCTION acting_everywhere(permission text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(current_setting('wangge.all_' || permission, true), '') = 'true' $$;

-- acting_area is the roots of the units where the account may do this.
CREATE FUNCTION acting_area(permission text) RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(nullif(current_setting('wangge.area_' || permission, true), ''), '{}')::bigint[] $$;

-- acting_may reports whether the account may do this in a unit. For single
-- questions; policies spell it out, so that the area is read once per statement.
CREATE FUNCTION acting_may(unit bigint, permission text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = public, pg_temp
AS $$
    SELECT public.acting_everywhere(permission) OR EXISTS (
        SELECT FROM unit_ancestor a WHERE a.unit_id = unit AND a.ancestor_id = ANY (public.acting_area(permission)))
$$;

-- in_area is the same for the area that the program states: the first wall.
-- in_chain adds what lies above an area: people know the town their grid is in.
CREATE FUNCTION in_area(unit bigint, everywhere boolean, roots bigint[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT everywhere OR EXISTS (SELECT FROM public.unit_ancestor a WHERE a.unit_id = unit AND a.ancestor_id = ANY (roots)) $$;

CREATE FUNCTION in_chain(unit bigint, everywhere boolean, roots bigint[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT everywhere OR EXISTS (SELECT FROM public.unit_ancestor a WHERE a.unit_id = unit AND a.ancestor_id = ANY (roots)
                                   UNION ALL SELECT FROM public.unit_ancestor a WHERE a.ancestor_id = unit AND a.unit_id = ANY (roots)) $$;
-- +goose StatementEnd

-- unit_at reads every boundary, for PostGIS's operators cannot use their index
-- behind row-level security; a unit that a request may not see is then nobody.
-- +goose StatementBegin
DROP FUNCTION unit_at(geometry, date);
CREATE FUNCTION unit_at(place geometry, day date) RETURNS bigint
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE at geometry := to_lattice(place); owner bigint;
BEGIN
    SELECT b.unit_id INTO owner
    FROM boundary b JOIN unit u ON u.id = b.unit_id JOIN level l ON l.code = u.level
    WHERE b.lattice && at AND ST_Covers(b.lattice, at)
      AND b.valid_from <= day AND (b.valid_to IS NULL OR b.valid_to > day)
    ORDER BY l.rank DESC, u.code COLLATE "C", u.id
    LIMIT 1;
    IF current_setting('role') = 'wangge_app' AND NOT acting_may(owner, 'map') THEN
        RETURN NULL;
    END IF;
    RETURN owner;
END
$$;
-- +goose StatementEnd

-- ── who may touch which table ────────────────────────────────────────────────

GRANT SELECT ON ALL TABLES IN SCHEMA public TO wangge_app;
REVOKE ALL ON audit FROM wangge_app, wangge_engine;
GRANT SELECT, INSERT ON audit TO wangge_app, wangge_engine;
GRANT INSERT, UPDATE, DELETE ON level, preset, preset_level, zone, household, household_unit, incident, incident_unit,
    service_point, service_point_unit, service_point_state, service_point_function, service_point_stop,
    plan, plan_unit, plan_fault, plan_repair, job, setting, account, post, holder, absence TO wangge_app;
GRANT INSERT ON layer_change, upload TO wangge_app;

-- The map's reader: columns without an address, a name of a person or a free text.
GRANT SELECT ON level, preset, preset_level, unit, unit_ancestor, boundary, excluded_area, zone, layer_change, setting,
    network_import, map_feature, service_tier, service_function, service_point_unit, service_point_state, service_point_function,
    service_point_stop, household_unit, incident_unit, incident_category TO wangge_reader;
GRANT SELECT (id, source, source_id, name, tier, mobile, step_free, ground_floor, capacity, point, cell, area_id) ON service_point TO wangge_reader;
GRANT SELECT (id, kind, occupied, point, cell, closed_on, merged_into, area_id) ON household TO wangge_reader;
GRANT SELECT (id, category, state, department, reported_at, due_at, closed_at, point, cell, area_id) ON incident TO wangge_reader;

-- ── the second wall ──────────────────────────────────────────────────────────
-- The reader has every row of the columns it may touch; the owner is the engine.

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['level', 'preset', 'preset_level', 'setting', 'unit', 'unit_ancestor', 'boundary', 'excluded_area', 'lineage', 'zone',
        'household', 'household_unit', 'incident', 'incident_unit', 'service_point', 'service_point_unit', 'service_point_state',
        'service_point_function', 'service_point_stop', 'plan', 'plan_unit', 'plan_fault', 'plan_repair', 'upload', 'job',
        'account', 'post', 'holder', 'absence'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY reader ON %I FOR SELECT TO wangge_reader USING (true)', t);
    END LOOP;
END $$;

-- wall puts a rule before some kinds of statements on a table, for requests. In
-- the rule, {place zone.area_id} stands for "this unit is within the area of the
-- permission place". Its sub-selects are evaluated once per statement.
CREATE FUNCTION wall(on_table text, statements text, rule text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE statement text; written text;
BEGIN
    written := regexp_replace(rule, '\{(\w+) ([\w.]+)\}',
        '((SELECT acting_everywhere(''\1'')) OR EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = \2 AND a.ancestor_id = ANY ((SELECT acting_area(''\1''))::bigint[])))',
        'g');
    FOREACH statement IN ARRAY string_to_array(statements, ' ') LOOP
        EXECUTE format('CREATE POLICY %I ON %I FOR %s TO wangge_app %s', 'app_' || statement, on_table, statement,
            CASE statement WHEN 'insert' THEN format('WITH CHECK (%s)', written)
                           ELSE format('USING (%s)', written) END);
    END LOOP;
END $$;

-- Whether any unit at all holds a thing, which its reader may not be allowed to see.
CREATE FUNCTION household_is_held(id bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT EXISTS (SELECT FROM household_unit o WHERE o.household_id = id AND o.valid_to IS NULL) $$;
CREATE FUNCTION incident_is_held(id uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT EXISTS (SELECT FROM incident_unit o WHERE o.incident_id = id AND o.valid_to IS NULL) $$;
CREATE FUNCTION service_point_is_held(id bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT EXISTS (SELECT FROM service_point_unit o WHERE o.service_point_id = id AND o.valid_to IS NULL) $$;

-- The posts an account holds, also as a B who does not have the duty just now.
CREATE FUNCTION acting_posts() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT coalesce(array_agg(h.post_id), '{}') FROM holder h WHERE h.account_id = public.acting_account() $$;
-- +goose StatementEnd

SELECT wall(t, 'select', 'true'), wall(t, 'insert update delete', '(SELECT acting_everywhere(''plan''))')
FROM unnest(ARRAY['level', 'preset', 'preset_level']) t;
SELECT wall('setting', 'select', 'true'), wall('setting', 'insert update delete', '(SELECT acting_everywhere(''setting''))');

-- Of units also those above one's area are seen: the village and the town of a grid.
SELECT wall('unit_ancestor', 'select', '(SELECT acting_everywhere(''map'')) OR ancestor_id = ANY ((SELECT acting_area(''map''))::bigint[])
    OR unit_id = ANY ((SELECT acting_area(''map''))::bigint[])');
SELECT wall(t, 'select', format('{map %1$I.%2$I} OR EXISTS (SELECT FROM unit_ancestor a WHERE a.ancestor_id = %1$I.%2$I AND a.unit_id = ANY ((SELECT acting_area(''map''))::bigint[]))', t, c))
FROM (VALUES ('unit', 'id'), ('boundary', 'unit_id')) v (t, c);
SELECT wall('excluded_area', 'select', '{map excluded_area.parent_id}');
SELECT wall('lineage', 'select', '{map lineage.before} OR {map lineage.after}');
SELECT wall('household_unit', 'select', '{place household_unit.unit_id}'), wall('household_unit', 'insert update delete', '{record household_unit.unit_id}');
SELECT wall('incident_unit', 'select', '{place incident_unit.unit_id}'), wall('incident_unit', 'insert update delete', '{record incident_unit.unit_id}');
SELECT wall('service_point_unit', 'select', '{map service_point_unit.unit_id}'), wall('service_point_unit', 'insert update delete', '{plan service_point_unit.unit_id}');

-- A thing is seen by whoever sees the unit that holds it; where none does, by
-- those for whose area it was brought in. Its unit is a scalar sub-select on
-- purpose: EXISTS would be turned into a hash of everything the area holds, which
-- a page of a hundred households then waits for.
SELECT wall(kind, 'select', format('(SELECT acting_everywhere(%2$L))
        OR (SELECT true FROM %1$s_unit o WHERE o.%1$s_id = %1$s.id AND o.valid_to IS NULL)
        OR {%2$s %1$s.area_id} AND NOT %1$s_is_held(%1$s.id)', kind, permission)),
    wall(kind, 'insert update delete', format('(SELECT acting_everywhere(%2$L))
        OR (SELECT true FROM %1$s_unit o WHERE o.%1$s_id = %1$s.id AND o.valid_to IS NULL AND {%2$s o.unit_id})
        OR {%2$s %1$s.area_id} AND NOT %1$s_is_held(%1$s.id)', kind, change))
FROM (VALUES ('household', 'place', 'record'), ('incident', 'place', 'record'), ('service_point', 'map', 'plan')) v (kind, permission, change);
SELECT wall(t, 'select insert update delete', format('EXISTS (SELECT FROM service_point p WHERE p.id = %I.service_point_id)', t))
FROM unnest(ARRAY['service_point_state', 'service_point_function', 'service_point_stop']) t;

-- What was made in an area and has no unit of its own.
SELECT wall('zone', 'select', '{map zone.area_id}'), wall('zone', 'insert update delete', '{plan zone.area_id}');
SELECT wall('plan', 'select insert update delete', '{plan plan.area_id}');
SELECT wall(t, 'select insert update delete', format('EXISTS (SELECT FROM plan p WHERE p.id = %I.plan_id)', t))
FROM unnest(ARRAY['plan_unit', 'plan_fault', 'plan_repair']) t;
SELECT wall('upload', 'select insert', '{load upload.area_id}');
SELECT wall('job', 'select insert update', 'job.created_by = ''account:'' || acting_account() OR acting_may(job.area_id, job.may)');

-- Accounts and posts: one's own, those that serve in one's area, and for who
-- keeps posts those made in the own area.
SELECT wall('post', 'select', '{map post.unit_id} OR post.id = ANY ((SELECT acting_posts())::bigint[])'), wall('post', 'insert update delete', '{post post.unit_id}');
SELECT wall('holder', 'select', 'holder.account_id = (SELECT acting_account()) OR EXISTS (SELECT FROM post p WHERE p.id = holder.post_id)'),
       wall('holder', 'insert update delete', 'EXISTS (SELECT FROM post p WHERE p.id = holder.post_id AND {post p.unit_id})');
SELECT wall('account', 'select', 'account.id = (SELECT acting_account()) OR {post account.area_id} OR EXISTS (SELECT FROM holder h WHERE h.account_id = account.id)'),
       wall('account', 'insert update delete', '{post account.area_id}');
SELECT wall('absence', 'select', 'EXISTS (SELECT FROM account c WHERE c.id = absence.account_id)'),
       wall('absence', 'insert update delete', 'absence.account_id = (SELECT acting_account()) OR EXISTS (SELECT FROM account c WHERE c.id = absence.account_id AND {post c.area_id})');
REVOKE EXECUTE ON FUNCTION wall(text, text, text) FROM PUBLIC;
