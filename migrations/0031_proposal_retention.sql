-- +goose Up

-- Proposals tell exact counts of small areas. Drafts that were made of one stay.
INSERT INTO retention_rule VALUES
    ('proposal',            121, '划分建议',             'Proposals',                                '计算完成', 'completion',     365, 30, 1095, '个人信息保护法第十九条：可随时重新计算', 'PIPL article 19: they can be made again at any time'),
    ('proposal-unfinished', 122, '失败或取消的划分建议', 'Proposals that failed or were cancelled', '任务结束', 'the end of the job', 30,  1,  365, '个人信息保护法第十九条：无结果',         'PIPL article 19: they have no result');
