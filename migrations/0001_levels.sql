-- +goose Up

-- Geometry is EPSG:4326 on a lattice of 1e-7 degrees. Equality, covering and
-- ownership are decided on the lattice as whole numbers, never on degrees.
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- to_lattice is the geometry in whole lattice steps, without a reference system.
-- Names are qualified, since pg_restore fills generated columns with an empty search_path.
-- +goose StatementBegin
CREATE FUNCTION to_lattice(g geometry) RETURNS geometry
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT public.ST_SetSRID(public.ST_SnapToGrid(public.ST_Scale(g, 1e7, 1e7), 1), 0) $$;
-- +goose StatementEnd

-- A level is a rung of responsibility. Names and number are data; rank grows
-- downwards and orders all levels of all presets.
CREATE TABLE level (
    code     text COLLATE "C" PRIMARY KEY,
    rank     smallint NOT NULL UNIQUE,
    title_zh text NOT NULL,
    title_en text NOT NULL,
    post_zh  text NOT NULL DEFAULT '',  -- title of the responsible post
    post_en  text NOT NULL DEFAULT '',
    builtin  boolean NOT NULL DEFAULT false,
    CONSTRAINT level_code_is_a_slug CHECK (code ~ '^[a-z][a-z0-9-]{0,39}$')
);

-- A preset is a hierarchy: levels from top to bottom.
CREATE TABLE preset (
    code     text COLLATE "C" PRIMARY KEY,
    title_zh text NOT NULL,
    title_en text NOT NULL,
    builtin  boolean NOT NULL DEFAULT false,
    CONSTRAINT preset_code_is_a_slug CHECK (code ~ '^[a-z][a-z0-9-]{0,39}$')
);

CREATE TABLE preset_level (
    preset  text COLLATE "C" NOT NULL REFERENCES preset ON DELETE CASCADE,
    depth   smallint NOT NULL,          -- 0 is the top
    level   text COLLATE "C" NOT NULL REFERENCES level,
    -- digits this level adds to its parent's code; 0 = codes are free text
    digits  smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (preset, depth),
    UNIQUE (preset, level)
);

INSERT INTO level (code, rank, title_zh, title_en, post_zh, post_en, builtin) VALUES
    ('county',            10, '县(区)',    'County',          '县级负责人', 'County lead',            true),
    ('town',              20, '乡镇(街道)', 'Town',            '镇街负责人', 'Town lead',              true),
    ('cluster',           30, '片区',      'Cluster',         '片区长',     'Cluster lead',           true),
    ('village',           40, '村(社区)',   'Village',         '村居书记',   'Village secretary',      true),
    ('grid',              50, '网格',      'Grid',            '网格长',     'Grid leader',            true),
    ('group',             60, '村(居)民组', 'Group',           '组长',       'Group leader',           true),
    ('micro-grid',        70, '微网格',    'Micro-grid',      '微网格长',   'Micro-grid leader',      true),
    ('block',             75, '片',        'Block',           '片长',       'Block leader',           true),
    ('building-group',    80, '楼组(队组)', 'Building group',  '楼组长',     'Building-group leader',  true),
    ('building',          85, '楼栋',      'Building',        '楼栋长',     'Building head',          true),
    ('stairwell',         90, '单元',      'Stairwell',       '单元长',     'Stairwell head',         true),
    ('contact-household', 95, '党员中心户', 'Contact household', '中心户',    'Contact household',      true),
    ('party-committee',   42, '社区大党委', 'Community Party committee', '书记', 'Secretary',          true),
    ('grid-team',         52, '网格工作组', 'Grid team',       '网格组长',   'Team leader',            true);

-- The six hierarchies of the five cases (S2 has one in space and one of organisation).
INSERT INTO preset (code, title_zh, title_en, builtin) VALUES
    ('town-cluster',   '镇—片区—居村—微网格—楼组',  'Town, cluster, village, micro-grid, building group', true),
    ('urban',          '街道—社区—网格—楼栋微网格', 'Subdistrict, community, grid, building micro-grid',  true),
    ('rural',          '县—乡—村—组—片',           'County, township, village, group, block',            true),
    ('organisation',   '社区大党委—网格工作组—楼栋长—党员中心户', 'Community Party committee, grid team, building head, contact household', true),
    ('community',      '社区—网格—楼栋—单元',       'Community, grid, building, stairwell',               true),
    ('town-grid',      '镇—村(社区)—大网格—微网格',  'Town, village, grid, micro-grid',                    true);

INSERT INTO preset_level (preset, depth, level, digits) VALUES
    ('town-cluster', 0, 'town', 0), ('town-cluster', 1, 'cluster', 0), ('town-cluster', 2, 'village', 0),
    ('town-cluster', 3, 'micro-grid', 3), ('town-cluster', 4, 'building-group', 3),
    ('urban', 0, 'town', 0), ('urban', 1, 'village', 0), ('urban', 2, 'grid', 3), ('urban', 3, 'micro-grid', 3),
    ('rural', 0, 'county', 0), ('rural', 1, 'town', 0), ('rural', 2, 'village', 0), ('rural', 3, 'group', 3), ('rural', 4, 'block', 3),
    ('organisation', 0, 'party-committee', 0), ('organisation', 1, 'grid-team', 3), ('organisation', 2, 'building', 3), ('organisation', 3, 'contact-household', 3),
    ('community', 0, 'village', 0), ('community', 1, 'grid', 3), ('community', 2, 'building', 3), ('community', 3, 'stairwell', 2),
    ('town-grid', 0, 'town', 0), ('town-grid', 1, 'village', 0), ('town-grid', 2, 'grid', 3), ('town-grid', 3, 'micro-grid', 3);
