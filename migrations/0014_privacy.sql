-- +goose Up

-- The purpose register: which personal fields there are, and for each purpose
-- what it is, why, on what basis, how long and who sees it (Personal Information
-- Protection Law, articles 6, 7, 13, 17 and 19). The texts have versions.
CREATE TABLE purpose (
    code text COLLATE "C" PRIMARY KEY,
    CONSTRAINT purpose_code_is_a_slug CHECK (code ~ '^[a-z][a-z0-9-]{0,39}$')
);

CREATE TABLE purpose_version (
    purpose      text COLLATE "C" NOT NULL REFERENCES purpose,
    version      integer NOT NULL,
    title_zh     text NOT NULL, title_en text NOT NULL,
    why_zh       text NOT NULL, why_en   text NOT NULL,
    article      text NOT NULL,                       -- of the law, as it is quoted: "13(1)3"
    basis_zh     text NOT NULL, basis_en text NOT NULL,
    keep_zh      text NOT NULL, keep_en  text NOT NULL,
    seen_by_zh   text NOT NULL, seen_by_en text NOT NULL,
    published_by text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (purpose, version),
    CONSTRAINT purpose_version_is_one_or_more CHECK (version >= 1)
);

-- What may be sealed at all: sealed refers to it, so a field that is not
-- registered cannot be stored. Code reads the fields, so migrations add them.
CREATE TABLE purpose_field (
    kind      text COLLATE "C" NOT NULL,              -- of the subject: account, household, request
    field     text COLLATE "C" NOT NULL,
    purpose   text COLLATE "C" NOT NULL REFERENCES purpose,
    title_zh  text NOT NULL,
    title_en  text NOT NULL,
    sensitive boolean NOT NULL,                       -- article 28
    PRIMARY KEY (kind, field),
    CONSTRAINT purpose_field_is_a_slug CHECK (kind ~ '^[a-z][a-z0-9-]{0,39}$' AND field ~ '^[a-z][a-z0-9-]{0,39}$')
);

-- Personal fields, encrypted by the program before they reach the database. Each
-- record has a random key of its own, wrapped by a key from a file outside the
-- database; when a record is deleted its key goes, and with it what copies hold.
CREATE TABLE sealed_key (
    kind       text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    key        uuid NOT NULL,                         -- names the key, also in the deletion list; ids may come again after a restore
    wrapped    bytea NOT NULL,
    ring_key   text COLLATE "C" NOT NULL,             -- which key of the file wraps it
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, id),
    CONSTRAINT sealed_key_is_unique UNIQUE (key),
    CONSTRAINT sealed_key_id_is_plain CHECK (id ~ '^[A-Za-z0-9-]{1,64}$')
);
CREATE INDEX sealed_key_ring_key ON sealed_key (ring_key, kind, id);

CREATE TABLE sealed (
    kind  text COLLATE "C" NOT NULL,
    id    text COLLATE "C" NOT NULL,
    field text COLLATE "C" NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (kind, id, field),
    CONSTRAINT sealed_has_a_key FOREIGN KEY (kind, id) REFERENCES sealed_key ON DELETE CASCADE,
    CONSTRAINT sealed_field_is_registered FOREIGN KEY (kind, field) REFERENCES purpose_field
);

-- Keys that were destroyed. The same lines stand in a file outside the database,
-- from which they are destroyed again after a restore.
CREATE TABLE deletion (
    key        uuid PRIMARY KEY,
    kind       text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    deleted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX deletion_subject ON deletion (kind, id);

INSERT INTO purpose VALUES ('duty-contact'), ('sign-in-protection'), ('household-contact'), ('request-reply');
INSERT INTO purpose_version (purpose, version, title_zh, title_en, why_zh, why_en, article, basis_zh, basis_en, keep_zh, keep_en, seen_by_zh, seen_by_en, published_by) VALUES
    ('duty-contact', 1, '值守联系', 'Duty contact',
     '让同事能够找到岗位上的人', 'So that colleagues can reach whoever holds a post',
     '13(1)2', '依法制定的劳动规章制度和人力资源管理所必需', 'Necessary for managing staff under lawful work rules',
     '账号停用后三十日', '30 days after the account is disabled',
     '本人；同一辖区的工作人员；管理员', 'The person; staff of the same area; administrators', 'system'),
    ('sign-in-protection', 1, '登录保护', 'Protection of the sign-in',
     '第二重登录验证', 'A second proof at sign-in',
     '13(1)2', '依法制定的劳动规章制度和人力资源管理所必需', 'Necessary for managing staff under lawful work rules',
     '关闭两步验证或账号停用时删除', 'Until two-step sign-in is switched off or the account is disabled',
     '任何人都看不到，仅供程序核对', 'Nobody; the program compares with it', 'system'),
    ('household-contact', 1, '住户联系', 'Contact of a household',
     '走访、应急和办事时联系住户', 'To reach a household about a visit, an emergency or a service',
     '13(1)1', '住户本人同意，可随时撤回', 'Consent of the resident, who may withdraw it at any time',
     '撤回同意、提出删除或住户注销时立即删除', 'Deleted at once when consent is withdrawn, deletion is asked for or the household is closed',
     '负责该户的网格员及其上级；每次查看均有记录', 'The worker responsible for the household and the supervisor; every look is recorded', 'system'),
    ('request-reply', 1, '答复申请', 'Answer to a request',
     '答复居民行使个人信息权利的申请', 'To answer a resident who uses a right over personal information',
     '13(1)3', '履行法定职责或者法定义务所必需（第五十条）', 'Necessary for a legal duty (article 50)',
     '办结后三十日', '30 days after the request is closed',
     '个人信息保护负责人；登记该申请的工作人员', 'The privacy officer; whoever recorded the request', 'system');
INSERT INTO purpose_field VALUES
    ('account',   'name',    'duty-contact',       '姓名',           'Name',                    false),
    ('account',   'phone',   'duty-contact',       '电话',           'Phone',                   false),
    ('account',   'totp',    'sign-in-protection', '两步验证密钥',   'Secret of two-step sign-in', false),
    ('household', 'name',    'household-contact',  '联系人称呼',     'Name of the contact',     false),
    ('household', 'phone',   'household-contact',  '联系电话',       'Phone of the contact',    false),
    ('request',   'name',    'request-reply',      '申请人称呼',     'Name of the applicant',   false),
    ('request',   'phone',   'request-reply',      '申请人电话',     'Phone of the applicant',  false),
    ('request',   'address', 'request-reply',      '申请所涉住址',   'Address the request is about', false);

-- Notices: what people are told before anything is collected (articles 7, 17 and
-- 30). A consent refers to the version that was shown.
CREATE TABLE notice (
    code text COLLATE "C" PRIMARY KEY,
    CONSTRAINT notice_code_is_a_slug CHECK (code ~ '^[a-z][a-z0-9-]{0,39}$')
);
CREATE TABLE notice_version (
    notice       text COLLATE "C" NOT NULL REFERENCES notice,
    version      integer NOT NULL,
    title_zh     text NOT NULL, title_en text NOT NULL,
    text_zh      text NOT NULL, text_en  text NOT NULL,
    published_by text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (notice, version),
    CONSTRAINT notice_version_is_one_or_more CHECK (version >= 1)
);
INSERT INTO notice VALUES ('household-contact'), ('request'), ('account'), ('staff-tracking');
INSERT INTO notice_version (notice, version, title_zh, title_en, text_zh, text_en, published_by) VALUES
    ('household-contact', 1, '住户联系方式告知', 'Notice: contact of a household',
     '本网格服务系统的运行单位请您留一位联系人的称呼和电话,用于走访、应急和办事时与您联系。这是自愿的:不留或者以后撤回,不影响任何服务。内容加密保存,只有负责您家的网格员及其上级可以查看,每次查看都有记录;不公开,不提供给他人。保存到您撤回同意、要求删除或住户注销为止,届时立即删除。您可以随时查询、复制、更正、删除,撤回同意,或者表示不接受走访:向网格员或个人信息保护负责人提出即可,十五个工作日内答复。',
     'The operator of this grid service asks for the name and phone of one person of your household, to reach you about a visit, an emergency or a service. It is voluntary: to leave none, or to withdraw later, costs you no service. It is kept encrypted; only the worker responsible for your home and the supervisor can see it, and every look is recorded. It is not published and not given to others. It is kept until you withdraw, ask for deletion or the household is closed, and is then deleted at once. You may ask at any time to see, copy, correct or delete it, withdraw consent, or say that you want no visits: tell the grid worker or the privacy officer; the answer comes within fifteen working days.',
     'system'),
    ('request', 1, '个人信息权利申请告知', 'Notice: request about personal information',
     '为答复您的申请,我们记录申请事项、申请人称呼和电话;如所涉住址不在台账中,也记录住址。内容加密保存,只有个人信息保护负责人和登记人员可以查看,办结后三十日删除。自收到之日起十五个工作日内答复;不予办理的,说明理由,您可以依法向人民法院提起诉讼。',
     'To answer your request we keep what you ask for, a name and a phone; and the address, if it is not in the ledger. It is kept encrypted, seen only by the privacy officer and whoever recorded it, and deleted 30 days after the request is closed. The answer comes within fifteen working days of receipt; a refusal gives its reasons, and you may bring it before a court.',
     'system'),
    ('account', 1, '工作人员账号告知', 'Notice: accounts of staff',
     '为岗位值守联系,我们保存您的姓名和工作电话;开启两步验证的,保存验证密钥。内容加密保存,姓名和电话由同一辖区的工作人员和管理员查看,密钥任何人都看不到。账号停用三十日后删除。您的登录、查看和修改操作留有日志,按法律要求至少保存三年。',
     'So that colleagues can reach whoever is on duty we keep your name and work phone, and, with two-step sign-in, its secret. They are kept encrypted; name and phone are seen by staff of the same area and by administrators, the secret by nobody. They are deleted 30 days after the account is disabled. Your sign-ins, looks and changes are recorded in a log that the law has us keep for at least three years.',
     'system'),
    ('staff-tracking', 1, '巡查轨迹单独同意', 'Separate consent: tracks of patrols',
     '行踪轨迹是敏感个人信息。只在您上班并开始巡查后记录手机位置,用于说明走过哪些地方;您可以随时暂停。轨迹由您本人和您的直接上级查看,保存三十日后删除,只留下不含人员的单元格计数。不同意或撤回同意的,不影响您的岗位,巡查改用人工登记。撤回与同意一样,在“我的账号”中一步完成。',
     'Tracks are sensitive personal information. The position of your phone is recorded only while you are on duty and after you have begun a patrol, to show where somebody has been; you may pause at any time. Your track is seen by you and your direct supervisor and deleted after 30 days; only counts per cell, without persons, remain. If you do not consent, or withdraw, your post is not affected and patrols are noted by hand. To withdraw takes one step in My account, as consenting does.',
     'system');

-- Who agreed to which notice, and until when: the tracks of an account, the
-- contact of a household. A consent that was withdrawn stays as proof.
CREATE TABLE consent (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text COLLATE "C" NOT NULL,           -- of the subject: account, household
    subject_id   bigint NOT NULL,
    notice       text COLLATE "C" NOT NULL,
    version      integer NOT NULL,
    how          text NOT NULL,                       -- a code
    given_at     timestamptz NOT NULL DEFAULT now(),
    recorded_by  text NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text,
    CONSTRAINT consent_is_to_a_version FOREIGN KEY (notice, version) REFERENCES notice_version,
    CONSTRAINT consent_kind_is_known CHECK (kind IN ('account', 'household')),
    CONSTRAINT consent_how_is_known CHECK (how IN ('online', 'in-person', 'paper', 'phone')),
    CONSTRAINT consent_withdrawal_has_both CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL))
);
CREATE UNIQUE INDEX consent_is_given_once ON consent (kind, subject_id, notice) WHERE withdrawn_at IS NULL;

-- A household that wants no visits. Nothing says why.
CREATE TABLE visit_refusal (
    household_id bigint PRIMARY KEY,                  -- no key, as for household_unit
    since        timestamptz NOT NULL DEFAULT now(),
    recorded_by  text NOT NULL
);

-- What residents ask for (articles 44 to 50). Name, phone and an address that is
-- not in the ledger are sealed.
CREATE TABLE request (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL,
    household_id bigint,                              -- null: an address that is not in the ledger
    area_id      bigint,                              -- the unit whose privacy officer decides; null = everywhere
    state        text NOT NULL DEFAULT 'received',
    received_on  date NOT NULL,
    due_on       date NOT NULL,
    notice       integer NOT NULL,                    -- the version of the notice "request" that was shown
    reason       text NOT NULL DEFAULT '',            -- of the decision, a code
    explanation  text NOT NULL DEFAULT '',            -- of the decision, without personal data
    recorded_by  text NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT now(),
    assigned_to  text,                                -- who took it up
    decided_by   text,
    decided_at   timestamptz,
    copied_at    timestamptz,                         -- the copy was taken; it is made once
    done_at      timestamptz,
    CONSTRAINT request_kind_is_known CHECK (kind IN ('copy', 'correct', 'delete', 'object', 'refuse-visits')),
    CONSTRAINT request_state_is_known CHECK (state IN ('received', 'in_review', 'granted', 'refused', 'done')),
    CONSTRAINT request_is_due_after_receipt CHECK (due_on > received_on),
    CONSTRAINT request_decision_has_a_reason CHECK (state IN ('received', 'in_review') OR reason <> '')
);
CREATE INDEX request_open ON request (due_on) WHERE state <> 'done';
CREATE INDEX request_household ON request (household_id);

-- How long a kind of data is kept, from which event on, and on what basis.
CREATE TABLE retention_rule (
    kind     text COLLATE "C" PRIMARY KEY,
    ordinal  smallint NOT NULL UNIQUE,
    title_zh text NOT NULL, title_en text NOT NULL,
    since_zh text NOT NULL, since_en text NOT NULL,
    days     integer NOT NULL,                        -- kept since the event
    at_least integer NOT NULL,
    at_most  integer NOT NULL,
    basis_zh text NOT NULL, basis_en text NOT NULL,
    CONSTRAINT retention_rule_is_within_its_limits CHECK (days BETWEEN at_least AND at_most)
);
INSERT INTO retention_rule VALUES
    ('session',           10, '登录会话',             'Sessions',                     '最后一次使用', 'last use',             30,    1,   90, '个人信息保护法第十九条:最短时间', 'PIPL article 19: the shortest time'),
    ('sign-in-try',       20, '登录尝试',             'Tries at sign-in',             '最后一次尝试', 'last try',              1,    1,   30, '防范猜测密码;键为不可还原的摘要', 'against guessing of passwords; keys are digests'),
    ('one-time-link',     30, '一次性链接',           'One-time links',               '失效',         'expiry',                0,    0,    7, '个人信息保护法第十九条', 'PIPL article 19'),
    ('known-device',      40, '已知设备',             'Known devices',                '最后一次使用', 'last use',            180,    1,  365, '个人信息保护法第十九条', 'PIPL article 19'),
    ('api-token',         50, '程序令牌',             'API tokens',                   '失效',         'expiry',               30,    0,  365, '个人信息保护法第十九条', 'PIPL article 19'),
    ('account-contact',   60, '停用账号的姓名和电话', 'Name and phone of disabled accounts', '账号停用', 'disabling',             30,    0,  365, '个人信息保护法第十九条、第四十七条', 'PIPL articles 19 and 47'),
    ('household-contact', 70, '已注销住户的联系方式', 'Contact of closed households', '住户注销',     'closing',               0,    0,   30, '个人信息保护法第四十七条:目的已实现', 'PIPL article 47: the purpose is fulfilled'),
    ('request-contact',   80, '已办结申请的联系方式', 'Contact of closed requests',   '申请办结',     'closing',              30,    0,   90, '个人信息保护法第十九条', 'PIPL article 19'),
    ('request',           90, '权利申请(不含联系方式)', 'Requests, without contact', '申请办结',     'closing',            1095, 1095, 3650, '个人信息保护法第五十六条:至少三年', 'PIPL article 56: at least three years'),
    ('consent',          100, '已撤回的同意记录',     'Withdrawn consents',           '撤回',         'withdrawal',         1095, 1095, 3650, '个人信息保护法第五十六条:至少三年', 'PIPL article 56: at least three years'),
    ('upload-report',    110, '导入报告',             'Reports of imports',           '导入',         'import',              365,   30, 1095, '个人信息保护法第十九条', 'PIPL article 19'),
    ('spool',            115, '待导入的文件',         'Files waiting for an import',  '上传',         'upload',                1,    0,    1, '个人信息保护法第十九条:原始文件不留存', 'PIPL article 19: originals are not kept'),
    ('track',            120, '巡查轨迹',             'Tracks of patrols',            '记录',         'recording',            30,    1,   30, '个人信息保护法第十九条、第二十九条', 'PIPL articles 19 and 29'),
    ('audit',            130, '操作审计',             'Audit',                        '操作',         'the act',            1096, 1096, 3660, '个人信息保护法第五十六条:至少三年', 'PIPL article 56: at least three years');

-- That something was deleted, without what it was: how many of a kind, and the
-- SHA-256 of their sorted ids, one per line. Whoever asks about one id can be
-- answered only together with all ids of that batch.
CREATE TABLE deletion_proof (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind    text COLLATE "C" NOT NULL,
    count   bigint NOT NULL,
    rule    text NOT NULL,                            -- "30 days since closing", or "request 7"
    before  timestamptz,                              -- what the rule's event had to precede
    digest  text NOT NULL,
    job_id  bigint,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT deletion_proof_is_of_something CHECK (count > 0)
);
CREATE INDEX deletion_proof_kind ON deletion_proof (kind, id);

-- ── who may touch which table ────────────────────────────────────────────────

-- contact_reaches is the rule who may see the contact of a household, given the
-- units and kinds of somebody's posts: those with a post at the very unit that
-- holds the household; its grid workers, up to the grid; its leaders, up to the
-- village; and who has broken the glass around it. Nobody else above a village,
-- and nobody by a post for everything. Requests learn nothing of a household that
-- they may not see, whatever posts they name.
-- +goose StatementBegin
CREATE FUNCTION contact_reaches(household bigint, units bigint[], kinds text[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM household h
        JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL
        JOIN unit_ancestor a ON a.unit_id = o.unit_id
        JOIN unit u ON u.id = a.ancestor_id
        JOIN level l ON l.code = u.level
        JOIN unnest(units, kinds) p (unit_id, kind) ON p.unit_id = a.ancestor_id
        LEFT JOIN level top ON top.code = CASE p.kind WHEN 'leader' THEN 'village'
            WHEN 'worker' THEN 'grid' WHEN 'part-time-worker' THEN 'grid' END
        WHERE h.id = household AND h.closed_on IS NULL
          AND (a.ancestor_id = o.unit_id OR l.rank >= top.rank OR p.kind = 'break-glass')
          AND (current_setting('role') <> 'wangge_app' OR public.acting_may(o.unit_id, 'place')))
$$;

-- acting_reaches is that for the acting account.
CREATE FUNCTION acting_reaches(household bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT contact_reaches(household, coalesce(array_agg(g.unit_id), '{}'), coalesce(array_agg(g.kind), '{}'))
    FROM grants_of(public.acting_account()) g WHERE 'contact' = ANY (g.may)
$$;

-- acting_over reports whether the acting account may do this where a household
-- is: in the unit that holds it, else in the one for which it was brought in.
CREATE FUNCTION acting_over(household bigint, permission text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT public.acting_everywhere(permission) OR coalesce((
        SELECT public.acting_may(coalesce(o.unit_id, h.area_id), permission)
        FROM household h LEFT JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL
        WHERE h.id = household), false)
$$;

-- The number in the id of a sealed record; null if it is none.
CREATE FUNCTION sealed_number(id text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN id ~ '^[0-9]{1,18}$' THEN id::bigint END $$;

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['purpose', 'purpose_version', 'purpose_field', 'sealed_key', 'sealed', 'deletion', 'notice', 'notice_version',
        'consent', 'visit_refusal', 'request', 'retention_rule', 'deletion_proof'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY engine ON %I TO wangge_engine USING (true) WITH CHECK (true)', t);
        EXECUTE format('GRANT SELECT ON %I TO wangge_app', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO wangge_engine', t);
    END LOOP;
END $$;
-- +goose StatementEnd
REVOKE UPDATE, DELETE ON deletion, deletion_proof, notice_version, purpose_version FROM wangge_engine;
GRANT INSERT ON purpose_version, notice_version, deletion, deletion_proof, consent, visit_refusal, request TO wangge_app;
GRANT INSERT, UPDATE, DELETE ON sealed_key, sealed TO wangge_app;
GRANT UPDATE ON consent, request, retention_rule TO wangge_app;
GRANT DELETE ON visit_refusal TO wangge_app;

-- The registers are for everybody to read; the officer of all writes them.
SELECT wall(t, 'select', 'true') FROM unnest(ARRAY['purpose', 'purpose_version', 'purpose_field', 'notice', 'notice_version', 'retention_rule']) t;
SELECT wall(t, 'insert', '(SELECT acting_everywhere(''privacy''))') FROM unnest(ARRAY['purpose_version', 'notice_version']) t;
SELECT wall('retention_rule', 'update', '(SELECT acting_everywhere(''privacy''))');
SELECT wall(t, 'select', '(SELECT acting_everywhere(''privacy''))'), wall(t, 'insert', '(SELECT acting_account()) IS NOT NULL')
FROM unnest(ARRAY['deletion', 'deletion_proof']) t;

SELECT wall('request', 'select update', '{privacy request.area_id} OR request.recorded_by = ''account:'' || (SELECT acting_account())
        OR request.household_id IS NOT NULL AND acting_reaches(request.household_id)'),
    wall('request', 'insert', 'request.recorded_by = ''account:'' || (SELECT acting_account())');
SELECT wall('consent', 'select', 'CASE consent.kind WHEN ''account'' THEN consent.subject_id = (SELECT acting_account())
        ELSE acting_over(consent.subject_id, ''place'') OR acting_over(consent.subject_id, ''privacy'') END'),
    wall('consent', 'insert', 'CASE consent.kind WHEN ''account'' THEN consent.subject_id = (SELECT acting_account())
        ELSE acting_reaches(consent.subject_id) END'),
    wall('consent', 'update', 'CASE consent.kind WHEN ''account'' THEN consent.subject_id = (SELECT acting_account())
        ELSE acting_reaches(consent.subject_id) OR acting_over(consent.subject_id, ''privacy'') END');
SELECT wall('visit_refusal', 'select', 'acting_over(visit_refusal.household_id, ''place'') OR acting_over(visit_refusal.household_id, ''privacy'')'),
    wall('visit_refusal', 'insert delete', 'acting_over(visit_refusal.household_id, ''record'') OR acting_over(visit_refusal.household_id, ''privacy'')');

-- Sealed values, even so: of an account to those who see the account, the proof
-- of sign-in to its owner alone; of a household and of a request by their rules.
-- A privacy officer may end a household's key and sees none of its values.
SELECT wall('sealed', 'select', 'CASE sealed.kind
        WHEN ''account'' THEN sealed_number(sealed.id) = (SELECT acting_account())
            OR sealed.field <> ''totp'' AND EXISTS (SELECT FROM account c WHERE c.id = sealed_number(sealed.id))
        WHEN ''household'' THEN acting_reaches(sealed_number(sealed.id))
        WHEN ''request'' THEN EXISTS (SELECT FROM request r WHERE r.id = sealed_number(sealed.id))
        ELSE false END');
SELECT wall('sealed_key', 'select', 'CASE sealed_key.kind
        WHEN ''account'' THEN EXISTS (SELECT FROM account c WHERE c.id = sealed_number(sealed_key.id))
        WHEN ''household'' THEN acting_reaches(sealed_number(sealed_key.id)) OR acting_over(sealed_number(sealed_key.id), ''privacy'')
        WHEN ''request'' THEN EXISTS (SELECT FROM request r WHERE r.id = sealed_number(sealed_key.id))
        ELSE false END');
SELECT wall(t, statements, format('CASE %1$I.kind
        WHEN ''account'' THEN sealed_number(%1$I.id) = (SELECT acting_account()) OR acting_keeps(sealed_number(%1$I.id))
        WHEN ''household'' THEN acting_reaches(sealed_number(%1$I.id))
        WHEN ''request'' THEN EXISTS (SELECT FROM request r WHERE r.id = sealed_number(%1$I.id))
        ELSE false END', t))
FROM (VALUES ('sealed_key', 'insert update'), ('sealed', 'insert update delete')) v (t, statements);
SELECT wall('sealed_key', 'delete', 'CASE sealed_key.kind
        WHEN ''account'' THEN sealed_number(sealed_key.id) = (SELECT acting_account()) OR acting_keeps(sealed_number(sealed_key.id))
        WHEN ''household'' THEN acting_reaches(sealed_number(sealed_key.id)) OR acting_over(sealed_number(sealed_key.id), ''privacy'')
        WHEN ''request'' THEN EXISTS (SELECT FROM request r WHERE r.id = sealed_number(sealed_key.id))
        ELSE false END');
