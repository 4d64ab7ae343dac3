-- +goose Up

-- The days on which a notice of the State Council changes what the weekday says: days
-- off, and weekends worked for them. Deadlines in working hours and days are counted by it.
CREATE TABLE holiday (
    day     date PRIMARY KEY,
    working boolean NOT NULL,
    name    text NOT NULL DEFAULT '',
    CONSTRAINT holiday_name_is_short CHECK (length(name) <= 40)
);
-- Notices of 12 November 2024 (for 2025) and 4 November 2025 (for 2026).
INSERT INTO holiday VALUES
    ('2025-01-01', false, '元旦'), ('2025-01-26', true, '春节'), ('2025-01-28', false, '春节'), ('2025-01-29', false, '春节'),
    ('2025-01-30', false, '春节'), ('2025-01-31', false, '春节'), ('2025-02-01', false, '春节'), ('2025-02-02', false, '春节'),
    ('2025-02-03', false, '春节'), ('2025-02-04', false, '春节'), ('2025-02-08', true, '春节'), ('2025-04-04', false, '清明节'),
    ('2025-04-05', false, '清明节'), ('2025-04-06', false, '清明节'), ('2025-04-27', true, '劳动节'), ('2025-05-01', false, '劳动节'),
    ('2025-05-02', false, '劳动节'), ('2025-05-03', false, '劳动节'), ('2025-05-04', false, '劳动节'), ('2025-05-05', false, '劳动节'),
    ('2025-05-31', false, '端午节'), ('2025-06-01', false, '端午节'), ('2025-06-02', false, '端午节'),
    ('2025-09-28', true, '国庆节、中秋节'), ('2025-10-01', false, '国庆节、中秋节'), ('2025-10-02', false, '国庆节、中秋节'),
    ('2025-10-03', false, '国庆节、中秋节'), ('2025-10-04', false, '国庆节、中秋节'), ('2025-10-05', false, '国庆节、中秋节'),
    ('2025-10-06', false, '国庆节、中秋节'), ('2025-10-07', false, '国庆节、中秋节'), ('2025-10-08', false, '国庆节、中秋节'),
    ('2025-10-11', true, '国庆节、中秋节'), ('2026-01-01', false, '元旦'), ('2026-01-02', false, '元旦'), ('2026-01-03', false, '元旦'),
    ('2026-01-04', true, '元旦'), ('2026-02-14', true, '春节'), ('2026-02-15', false, '春节'), ('2026-02-16', false, '春节'),
    ('2026-02-17', false, '春节'), ('2026-02-18', false, '春节'), ('2026-02-19', false, '春节'), ('2026-02-20', false, '春节'),
    ('2026-02-21', false, '春节'), ('2026-02-22', false, '春节'), ('2026-02-23', false, '春节'), ('2026-02-28', true, '春节'),
    ('2026-04-04', false, '清明节'), ('2026-04-05', false, '清明节'), ('2026-04-06', false, '清明节'), ('2026-05-01', false, '劳动节'),
    ('2026-05-02', false, '劳动节'), ('2026-05-03', false, '劳动节'), ('2026-05-04', false, '劳动节'), ('2026-05-05', false, '劳动节'),
    ('2026-05-09', true, '劳动节'), ('2026-06-19', false, '端午节'), ('2026-06-20', false, '端午节'), ('2026-06-21', false, '端午节'),
    ('2026-09-20', true, '国庆节'), ('2026-09-25', false, '中秋节'), ('2026-09-26', false, '中秋节'), ('2026-09-27', false, '中秋节'),
    ('2026-10-01', false, '国庆节'), ('2026-10-02', false, '国庆节'), ('2026-10-03', false, '国庆节'), ('2026-10-04', false, '国庆节'),
    ('2026-10-05', false, '国庆节'), ('2026-10-06', false, '国庆节'), ('2026-10-07', false, '国庆节'), ('2026-10-10', true, '国庆节');

GRANT SELECT ON holiday TO wangge_app, wangge_reader;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON holiday TO wangge_engine;
GRANT INSERT, DELETE ON holiday TO wangge_app;
ALTER TABLE holiday ENABLE ROW LEVEL SECURITY;
CREATE POLICY engine ON holiday TO wangge_engine USING (true) WITH CHECK (true);
CREATE POLICY reader ON holiday FOR SELECT TO wangge_reader USING (true);
SELECT wall('holiday', 'select', 'true'), wall('holiday', 'insert delete', '(SELECT acting_everywhere(''setting''))');
