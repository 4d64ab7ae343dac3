-- +goose Up

-- A browser on which an officer's page is used, as the account knows it: what of the page
-- it keeps can be deleted from here when it is lost. Only days are kept, and no place. id
-- is made by the browser for this account and told to nobody else: who knows it may ask
-- whether it was revoked.
CREATE TABLE device (
    account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    id         uuid NOT NULL,
    agent      text NOT NULL DEFAULT '',             -- families of browser and system
    first_on   date NOT NULL,
    last_on    date NOT NULL,
    session_id bigint REFERENCES session ON DELETE SET NULL, -- its last sign-in
    revoked_at timestamptz,
    wiped_at   timestamptz,                          -- it said that it had deleted everything
    PRIMARY KEY (account_id, id),
    CONSTRAINT device_agent_is_short CHECK (length(agent) <= 100),
    CONSTRAINT device_is_revoked_before_it_is_wiped CHECK (wiped_at IS NULL OR revoked_at IS NOT NULL)
);
CREATE INDEX device_session ON device (session_id);

INSERT INTO retention_rule VALUES
    ('device', 128, '设备登记', 'Devices of officers', '最近使用', 'their last use', 365, 30, 1095, '个人信息保护法第十九条：丢失时可以清除', 'PIPL article 19: so that a lost one can be wiped');

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON device TO wangge_engine;
GRANT SELECT, INSERT, UPDATE ON device TO wangge_app;
ALTER TABLE device ENABLE ROW LEVEL SECURITY;
CREATE POLICY engine ON device TO wangge_engine USING (true) WITH CHECK (true);
SELECT wall('device', 'select insert update', 'device.account_id = (SELECT acting_account())');
