-- +goose Up

-- A set of local rules that drafts are drawn by. The built-in ones never change; a
-- copy is changed by whoever plans in its area.
CREATE TABLE rule_set (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text COLLATE "C" NOT NULL DEFAULT '', -- of a built-in one
    title_zh    text NOT NULL,
    title_en    text NOT NULL,
    presets     text[] NOT NULL DEFAULT '{}',        -- hierarchies whose drafts use it unless they name another
    builtin     boolean NOT NULL DEFAULT false,
    copied_from bigint REFERENCES rule_set ON DELETE SET NULL,
    area_id     bigint,                              -- null = of the whole installation
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT rule_set_has_titles CHECK (title_zh <> '' AND title_en <> '' AND length(title_zh) <= 100 AND length(title_en) <= 100),
    CONSTRAINT rule_set_has_a_code_when_builtin CHECK (builtin = (code <> ''))
);
CREATE UNIQUE INDEX rule_set_code_is_unique ON rule_set (code) WHERE code <> '';

CREATE TABLE rule (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    set_id    bigint NOT NULL REFERENCES rule_set ON DELETE CASCADE,
    ordinal   smallint NOT NULL,
    kind      text NOT NULL,
    level     text COLLATE "C" REFERENCES level,     -- null = units of every level
    hard      boolean NOT NULL,                      -- stops a draft unless it is waived
    waivable  boolean NOT NULL DEFAULT false,        -- of a hard rule
    min_bound double precision,                      -- households, people, km², compactness
    max_bound double precision,                      -- households, people, km², minutes; m² outside, percent cut off, metres across
    occupied  boolean NOT NULL DEFAULT false,        -- homes known to stand empty do not count
    needs     jsonb NOT NULL DEFAULT '[]',           -- of staffing: posts that somebody must hold; none = the level's template
    text_zh   text NOT NULL DEFAULT '',              -- '' = from the numbers
    text_en   text NOT NULL DEFAULT '',
    source    text NOT NULL DEFAULT '',
    CONSTRAINT rule_kind_is_known CHECK (kind IN ('households', 'people', 'split', 'area', 'compactness', 'walk',
        'contiguous', 'inside', 'compounds', 'barriers', 'staffing')),
    CONSTRAINT rule_bounds_are_in_order CHECK (min_bound <= max_bound)
);
CREATE INDEX rule_set_id ON rule (set_id, ordinal);

-- Which set a draft uses; null = the one of its hierarchy.
ALTER TABLE plan ADD COLUMN rule_set_id bigint REFERENCES rule_set;
CREATE INDEX plan_rule_set_id ON plan (rule_set_id) WHERE rule_set_id IS NOT NULL;

-- A waiver excuses a unit of a draft from a rule.
CREATE TABLE waiver (
    plan_id   bigint NOT NULL REFERENCES plan ON DELETE CASCADE,
    rule_id   bigint NOT NULL REFERENCES rule ON DELETE CASCADE,
    ordinal   bigint NOT NULL,                       -- of the unit in the draft; of one above that it does not redraw: its id, negative
    reason    text NOT NULL,
    waived_by text NOT NULL,
    waived_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (plan_id, rule_id, ordinal),
    CONSTRAINT waiver_has_a_reason CHECK (btrim(reason) <> '' AND length(reason) <= 500)
);

INSERT INTO rule_set (code, title_zh, title_en, presets, builtin, created_by) VALUES
    ('basic',    '通用规则',                     'Basic rules',                          '{}', true, 'system'),
    ('luxiang',  '吕巷镇：乡村邻坊',             'Lüxiang: rural neighbourhoods',        '{}', true, 'system'),
    ('wenwusha', '文武砂街道：小区网格',         'Wenwusha: grids of compounds',         '{community,organisation}', true, 'system'),
    ('qingshen', '青神县：30–50 户一片',         'Qingshen: 30–50 households to a block', '{rural,urban}', true, 'system'),
    ('kangqiao', '康桥镇：超 3,000 户拆分，1+2+N', 'Kangqiao: split above 3,000, 1+2+N',   '{town-cluster,county-cluster}', true, 'system'),
    ('shatang',  '沙塘镇：大网格与微网格',       'Shatang: grids and micro-grids',       '{town-grid}', true, 'system');

INSERT INTO rule (set_id, ordinal, kind, level, hard, waivable, min_bound, max_bound, occupied, needs, source)
SELECT s.id, row_number() OVER (PARTITION BY s.id ORDER BY r.n), r.kind, r.level, r.hard, r.waivable, r.least, r.most, r.occupied, r.needs::jsonb, r.source
FROM (VALUES
    (10, 'basic', 'contiguous',  NULL, true,  true,  NULL, NULL, false, '[]', ''),
    (11, 'basic', 'inside',      NULL, true,  true,  NULL, 50,   false, '[]', ''),
    (12, 'basic', 'compounds',   NULL, false, true,  NULL, 5,    false, '[]', ''),
    (13, 'basic', 'compactness', NULL, false, true,  0.2,  NULL, false, '[]', ''),
    (14, 'basic', 'staffing',    NULL, false, true,  NULL, NULL, false, '[]', ''),

    (20, 'luxiang', 'contiguous', NULL, true,  true, NULL, NULL, false, '[]', ''),
    (21, 'luxiang', 'inside',     NULL, true,  true, NULL, 50,   false, '[]', ''),
    (22, 'luxiang', 'compounds',  NULL, true,  true, NULL, 5,    false, '[]', '吕巷镇：不出埭、不出队、不出村'),
    (23, 'luxiang', 'barriers',   NULL, false, true, NULL, 100,  false, '[]', ''),
    (24, 'luxiang', 'walk',       NULL, false, true, NULL, 15,   false, '[]', '吕巷镇：十五分钟圈'),

    (30, 'wenwusha', 'contiguous', NULL,        true,  false, NULL, NULL, false, '[]', ''),
    (31, 'wenwusha', 'inside',     NULL,        true,  true,  NULL, 50,   false, '[]', ''),
    (32, 'wenwusha', 'compounds',  NULL,        true,  true,  NULL, 5,    false, '[]', '文武砂街道：网格—楼栋—单元'),
    (33, 'wenwusha', 'households', 'grid',      false, true,  300,  500,  true,  '[]', '海口市秀英区：每个网格 300–500 户；按实际入住计'),
    (34, 'wenwusha', 'barriers',   'grid',      false, true,  NULL, 100,  false, '[]', ''),
    (35, 'wenwusha', 'staffing',   'grid',      false, true,  NULL, NULL, false, '[{"kinds": ["leader"], "min": 1, "title_zh": "网格长（两委成员）", "title_en": "grid leader (committee member)"}]', '文武砂街道：每个网格 1 名两委成员'),
    (36, 'wenwusha', 'staffing',   'building',  false, true,  NULL, NULL, false, '[{"kinds": ["building-head"], "min": 1, "title_zh": "楼栋长", "title_en": "building head"}]', '文武砂街道：每栋 1 名楼栋长'),
    (37, 'wenwusha', 'staffing',   'stairwell', false, true,  NULL, NULL, false, '[{"kinds": ["building-head"], "min": 1, "title_zh": "单元长", "title_en": "stairwell head"}]', '文武砂街道：每单元 1 名单元长'),

    (40, 'qingshen', 'households', 'block',      true,  true, 30,   50,   false, '[]', '青神县：每片 30–50 户'),
    (41, 'qingshen', 'households', 'micro-grid', true,  true, 30,   50,   false, '[]', '青神县：每个楼栋微网格 30–50 户'),
    (42, 'qingshen', 'contiguous', NULL,         true,  true, NULL, NULL, false, '[]', ''),
    (43, 'qingshen', 'inside',     NULL,         true,  true, NULL, 50,   false, '[]', ''),
    (44, 'qingshen', 'compounds',  NULL,         false, true, NULL, 5,    false, '[]', ''),
    (45, 'qingshen', 'barriers',   NULL,         false, true, NULL, 100,  false, '[]', ''),
    (46, 'qingshen', 'staffing',   'block',      false, true, NULL, NULL, false, '[{"kinds": ["leader"], "min": 1, "title_zh": "片长", "title_en": "block leader"}]', '青神县：片长制'),

    (50, 'kangqiao', 'split',       'village',    true,  true, NULL, 3000, false, '[]', '康桥镇：超过 3,000 户的居委会拆分'),
    (51, 'kangqiao', 'contiguous',  NULL,         true,  true, NULL, NULL, false, '[]', ''),
    (52, 'kangqiao', 'inside',      NULL,         true,  true, NULL, 50,   false, '[]', ''),
    (53, 'kangqiao', 'compounds',   NULL,         true,  true, NULL, 5,    false, '[]', '康桥镇：按自然宅村、小区划分'),
    (54, 'kangqiao', 'barriers',    'micro-grid', false, true, NULL, 100,  false, '[]', ''),
    (55, 'kangqiao', 'compactness', NULL,         false, true, 0.2,  NULL, false, '[]', ''),
    (56, 'kangqiao', 'staffing',    'micro-grid', false, true, NULL, NULL, false, '[{"kinds": ["leader"], "min": 1, "title_zh": "微网格长", "title_en": "micro-grid leader"}, {"kinds": ["worker", "part-time-worker"], "min": 2, "title_zh": "专职和兼职网格员", "title_en": "full-time and part-time workers"}, {"kinds": ["member", "building-head"], "min": 1, "title_zh": "成员", "title_en": "members"}]', '康桥镇：1+2+N'),

    (60, 'shatang', 'contiguous',  NULL,         true,  false, NULL, NULL, false, '[]', ''),
    (61, 'shatang', 'inside',      NULL,         true,  false, NULL, 50,   false, '[]', '沙塘镇：网格划分不交叉'),
    (62, 'shatang', 'compounds',   NULL,         false, true,  NULL, 5,    false, '[]', ''),
    (63, 'shatang', 'barriers',    NULL,         false, true,  NULL, 100,  false, '[]', ''),
    (64, 'shatang', 'compactness', NULL,         false, true,  0.2,  NULL, false, '[]', ''),
    (65, 'shatang', 'staffing',    'grid',       false, true,  NULL, NULL, false, '[{"kinds": ["leader"], "min": 1, "title_zh": "网格长", "title_en": "grid leader"}, {"kinds": ["worker"], "min": 1, "title_zh": "专职网格员", "title_en": "full-time worker"}]', '沙塘镇：定人、定岗、定责'),
    (66, 'shatang', 'staffing',    'micro-grid', false, true,  NULL, NULL, false, '[{"kinds": ["leader"], "min": 1, "title_zh": "微网格长", "title_en": "micro-grid leader"}, {"kinds": ["worker", "part-time-worker"], "min": 1, "title_zh": "网格员", "title_en": "worker"}]', '沙塘镇：定人、定岗、定责')
) AS r (n, set_code, kind, level, hard, waivable, least, most, occupied, needs, source)
JOIN rule_set s ON s.code = r.set_code;

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON rule_set, rule, waiver TO wangge_engine;
GRANT SELECT, INSERT, UPDATE, DELETE ON rule_set, rule, waiver TO wangge_app;
ALTER TABLE rule_set ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule ENABLE ROW LEVEL SECURITY;
ALTER TABLE waiver ENABLE ROW LEVEL SECURITY;
CREATE POLICY engine ON rule_set TO wangge_engine USING (true) WITH CHECK (true);
CREATE POLICY engine ON rule TO wangge_engine USING (true) WITH CHECK (true);
CREATE POLICY engine ON waiver TO wangge_engine USING (true) WITH CHECK (true);

-- A set by which a plan was adopted stays as it was, whoever's plan that is.
-- +goose StatementBegin
CREATE FUNCTION rule_set_is_sealed(id bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT EXISTS (SELECT FROM plan p WHERE p.rule_set_id = rule_set_is_sealed.id AND p.state NOT IN ('draft', 'abandoned')) $$;
-- +goose StatementEnd

-- A set is read by whoever plans in its area, below it, or with it.
SELECT wall('rule_set', 'select', '{plan rule_set.area_id}
    OR rule_set.area_id IS NULL AND (SELECT acting_area(''plan'')) <> ''{}''
    OR EXISTS (SELECT FROM unit_ancestor a WHERE a.ancestor_id = rule_set.area_id AND a.unit_id = ANY ((SELECT acting_area(''plan''))::bigint[]))
    OR EXISTS (SELECT FROM plan p WHERE p.rule_set_id = rule_set.id)'),
       wall('rule_set', 'insert update delete', 'NOT rule_set.builtin AND {plan rule_set.area_id}');
SELECT wall('rule', 'select', 'EXISTS (SELECT FROM rule_set s WHERE s.id = rule.set_id)'),
       wall('rule', 'insert update delete', 'EXISTS (SELECT FROM rule_set s WHERE s.id = rule.set_id AND NOT s.builtin AND {plan s.area_id})');
SELECT wall('waiver', 'select insert update delete', 'EXISTS (SELECT FROM plan p WHERE p.id = waiver.plan_id)');
