-- +goose Up

-- digest is a hash of the row as it was last imported: the same file again is
-- told apart from a changed one without comparing columns, and an edit by hand
-- is not undone by it. Null: never imported, or closed because it was absent.
ALTER TABLE household     ADD COLUMN digest bigint;
ALTER TABLE incident      ADD COLUMN digest bigint;
ALTER TABLE service_point ADD COLUMN digest bigint;

-- Two checks per row made 14 of the 18 s of writing 1,000,000 assignments, and
-- dropping them for a load would lock the units against every reader. Only
-- package ledger writes these rows, from ids it read in the same transaction
-- while it holds the boundaries; units and households are never deleted.
ALTER TABLE household_unit DROP CONSTRAINT household_unit_household_id_fkey;
ALTER TABLE household_unit DROP CONSTRAINT household_unit_unit_id_fkey;
ALTER TABLE incident_unit  DROP CONSTRAINT incident_unit_incident_id_fkey;
ALTER TABLE incident_unit  DROP CONSTRAINT incident_unit_unit_id_fkey;

-- A service point of the life cycle or function lists is found by its state of today.
CREATE INDEX service_point_state_in_force ON service_point_state (state) WHERE valid_to IS NULL;

-- Large and small classes after the GB/T 30428.2 family, as cities quote them; a
-- deployment adds its own. Two digits are a large class, four a small one.
INSERT INTO incident_category (code, parent, title_zh, title_en, hazard) VALUES
    ('01', NULL, '市容环境', 'City appearance and environment', false),
    ('02', NULL, '宣传广告', 'Advertising',                     false),
    ('03', NULL, '施工管理', 'Construction sites',              false),
    ('04', NULL, '街面秩序', 'Street order',                    false),
    ('05', NULL, '突发事件', 'Emergencies',                     true),
    ('06', NULL, '公用设施', 'Public utilities',                false),
    ('07', NULL, '道路交通', 'Roads and traffic',               false),
    ('08', NULL, '园林绿化', 'Parks and trees',                 false),
    ('09', NULL, '安全隐患', 'Safety hazards',                  true),
    ('10', NULL, '民生服务', 'Residents'' services',            false),
    ('11', NULL, '矛盾纠纷', 'Disputes',                        false),
    ('99', NULL, '其他',     'Other',                           false);
INSERT INTO incident_category (code, parent, title_zh, title_en, hazard) VALUES
    ('0101', '01', '私搭乱建', 'Illegal building',           false),
    ('0102', '01', '暴露垃圾', 'Exposed rubbish',            false),
    ('0103', '01', '积存渣土', 'Heaped rubble',              false),
    ('0104', '01', '道路不洁', 'Dirty road',                 false),
    ('0105', '01', '水域不洁', 'Dirty water',                false),
    ('0106', '01', '绿地脏乱', 'Littered green',             false),
    ('0107', '01', '垃圾分类', 'Waste sorting',              false),
    ('0201', '02', '非法小广告', 'Illegal stickers',         false),
    ('0202', '02', '违章张贴', 'Unlawful posters',           false),
    ('0203', '02', '街头散发', 'Leaflets handed out',        false),
    ('0301', '03', '施工扰民', 'Noise from a site',          false),
    ('0302', '03', '施工占道', 'Site blocks the road',       false),
    ('0303', '03', '施工扬尘', 'Dust from a site',           false),
    ('0401', '04', '无照经营', 'Unlicensed trade',           false),
    ('0402', '04', '占道经营', 'Trade on the pavement',      false),
    ('0403', '04', '违法停车', 'Unlawful parking',           false),
    ('0404', '04', '乱堆物料', 'Materials left in the way',  false),
    ('0405', '04', '噪声扰民', 'Noise',                      false),
    ('0501', '05', '管道破裂', 'Burst pipe',                 true),
    ('0502', '05', '路面塌陷', 'Collapsed road',             true),
    ('0503', '05', '道路积水', 'Flooded road',               true),
    ('0601', '06', '井盖缺失', 'Missing manhole cover',      true),
    ('0602', '06', '路灯故障', 'Broken street light',        false),
    ('0603', '06', '杆线破损', 'Damaged pole or line',       true),
    ('0604', '06', '供水供气', 'Water and gas supply',       false),
    ('0701', '07', '路面破损', 'Damaged road',               false),
    ('0702', '07', '交通设施', 'Traffic signs and lights',   false),
    ('0703', '07', '非机动车停放', 'Bicycles in the way',    false),
    ('0801', '08', '树木倒伏', 'Fallen tree or limb',        true),
    ('0802', '08', '绿化养护', 'Care of greenery',           false),
    ('0901', '09', '消防隐患', 'Fire hazard',                true),
    ('0902', '09', '电动车充电', 'Charging of e-bikes',      true),
    ('0903', '09', '高空坠物', 'Falling objects',            true),
    ('1001', '10', '物业服务', 'Property service',           false),
    ('1002', '10', '助老助残', 'Help for the old and disabled', false),
    ('1003', '10', '病媒防治', 'Pests',                      false),
    ('1101', '11', '邻里纠纷', 'Dispute of neighbours',      false),
    ('1102', '11', '物业纠纷', 'Dispute with the property manager', false),
    ('9999', '99', '其他',     'Other',                      false);
