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
    CONSTRAINT purpose_version_counts_from_one CHECK (version >= 1)
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
