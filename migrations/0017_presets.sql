-- +goose Up

-- A county of towns that have clusters: the large sizes of the demo town.
INSERT INTO preset (code, title_zh, title_en, builtin) VALUES
    ('county-cluster', '县—镇—片区—居村—微网格—楼组', 'County, town, cluster, village, micro-grid, building group', true);
INSERT INTO preset_level (preset, depth, level, digits) VALUES
    ('county-cluster', 0, 'county', 0), ('county-cluster', 1, 'town', 0), ('county-cluster', 2, 'cluster', 0),
    ('county-cluster', 3, 'village', 0), ('county-cluster', 4, 'micro-grid', 3), ('county-cluster', 5, 'building-group', 3);
