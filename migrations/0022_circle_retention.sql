-- +goose Up

-- Runs of service circles and searches for sites hold results of single households. A
-- run goes with the searches made on it.
INSERT INTO retention_rule VALUES
    ('circle',            116, '服务圈计算结果',           'Service circle runs',                          '计算完成', 'completion',              365, 30, 1095, '个人信息保护法第十九条:可随时重新计算', 'PIPL article 19: they can be made again at any time'),
    ('circle-unfinished', 117, '失败或取消的服务圈计算',   'Service circle runs that failed or were cancelled', '任务结束', 'the end of the job', 30,  1,  365, '个人信息保护法第十九条:无结果',         'PIPL article 19: they have no result'),
    ('siting',            118, '选址结果',                 'Searches for sites',                           '计算完成', 'completion',              365, 30, 1095, '个人信息保护法第十九条:可随时重新计算', 'PIPL article 19: they can be made again at any time'),
    ('siting-unfinished', 119, '失败或取消的选址',         'Searches for sites that failed or were cancelled', '任务结束', 'the end of the job',  30,  1,  365, '个人信息保护法第十九条:无结果',         'PIPL article 19: they have no result');
