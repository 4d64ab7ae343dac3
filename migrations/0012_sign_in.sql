-- +goose Up

-- What proves that somebody is the person of an account. Requests (wangge_app)
-- read no digest and no hash here: signing in and finding who asks is done as
-- wangge_engine. What they may do is in the policies at the end.

CREATE TABLE password (
    account_id bigint PRIMARY KEY REFERENCES account ON DELETE CASCADE,
    hash       text NOT NULL,                        -- argon2id, as a PHC string
    set_at     timestamptz NOT NULL DEFAULT now()
);

-- A session ends after a time without a request, and in any case some time after
-- it was made (account.Idle, account.Longest). An ended one is deleted.
CREATE TABLE session (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    digest     bytea NOT NULL,                       -- SHA-256 of the token in the cookie
    method     text NOT NULL,
    agent      text NOT NULL DEFAULT '',             -- family only: "Firefox, Android"
    made_at    timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now(),   -- to the minute
    CONSTRAINT session_digest_is_unique UNIQUE (digest),
    CONSTRAINT session_method_is_known CHECK (method IN ('password', 'oidc'))
);
CREATE INDEX session_account ON session (account_id);

-- A token stands for an account in a program: less than the account, and not for long.
CREATE TABLE api_token (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    digest     bytea NOT NULL,                       -- SHA-256 of the token
    name       text NOT NULL,
    may        text[] NOT NULL,
    unit_id    bigint,                               -- null = wherever the account may; no key, as for post
    made_at    timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,                          -- to the minute
    CONSTRAINT api_token_digest_is_unique UNIQUE (digest),
    CONSTRAINT api_token_ends_within_a_year CHECK (expires_at <= made_at + interval '366 days')
);
CREATE INDEX api_token_account ON api_token (account_id);

-- The second proof: a code that changes every 30 s (RFC 6238). Its secret is
-- sealed with the account's personal fields; last_step is the newest code used.
CREATE TABLE totp (
    account_id   bigint PRIMARY KEY REFERENCES account ON DELETE CASCADE,
    confirmed_at timestamptz,                        -- null = not yet shown to work
    last_step    bigint NOT NULL DEFAULT 0
);
CREATE TABLE recovery_code (
    account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    digest     bytea NOT NULL,                       -- SHA-256 of 80 random bits
    PRIMARY KEY (account_id, digest)
);

-- Who an account is at an OpenID Connect provider. It is prepared with the login
-- alone; the first sign-in in time fixes the subject for good.
CREATE TABLE external_login (
    account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    issuer     text NOT NULL,
    subject    text,                                 -- null = prepared
    expires_at timestamptz,                          -- of the preparation
    made_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, issuer),
    CONSTRAINT external_login_is_one_account UNIQUE (issuer, subject),
    CONSTRAINT external_login_is_linked_or_ends CHECK ((subject IS NULL) = (expires_at IS NOT NULL))
);

-- A link that is used once: to make the first administrator, or to set a password.
CREATE TABLE one_time_link (
    digest     bytea PRIMARY KEY,                    -- SHA-256 of its token
    account_id bigint REFERENCES account ON DELETE CASCADE,
    purpose    text NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT one_time_link_is_for_somebody CHECK (purpose = 'first' AND account_id IS NULL OR purpose = 'password' AND account_id IS NOT NULL)
);
CREATE UNIQUE INDEX one_time_link_is_one_per_account ON one_time_link (coalesce(account_id, 0));

-- A browser in which the account has signed in before. Guesses of others do not
-- lock it out.
CREATE TABLE known_device (
    account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    digest     bytea NOT NULL,                       -- SHA-256 of its cookie; people may share a browser
    used_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, digest)
);

-- Tries at sign-in that have not succeeded. The key is a keyed hash of a login, a
-- network address or a device; the hash's key lies outside the database. Rows go
-- after a day.
CREATE TABLE sign_in_try (
    key     bytea PRIMARY KEY,
    failed  integer NOT NULL,
    last_at timestamptz NOT NULL
);
CREATE INDEX sign_in_try_last_at ON sign_in_try (last_at);

-- kept_within reports whether whoever keeps accounts in an area may act on this
-- one: it was made there, and no post it holds, now or later, lies outside. It
-- sees every post; with those of the asker alone it would say yes too often.
-- +goose StatementBegin
CREATE FUNCTION kept_within(who bigint, everywhere boolean, roots bigint[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM account c WHERE c.id = who AND in_area(c.area_id, everywhere, roots))
       AND NOT EXISTS (
           SELECT FROM holder h JOIN post p ON p.id = h.post_id
           WHERE h.account_id = who
             AND (h.valid_to IS NULL OR h.valid_to > (now() AT TIME ZONE 'Asia/Shanghai')::date)
             AND NOT in_area(p.unit_id, everywhere, roots))
$$;

CREATE FUNCTION acting_keeps(who bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT kept_within(who, public.acting_everywhere('post'), public.acting_area('post')) $$;

-- has_administrator reports whether somebody real keeps the whole installation,
-- now or by right of a post that is held.
CREATE FUNCTION has_administrator() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM post p JOIN holder h ON h.post_id = p.id JOIN account c ON c.id = h.account_id,
            (SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date AS day) today
        WHERE p.kind = 'administrator' AND p.unit_id IS NULL AND NOT c.demo AND c.disabled_on IS NULL
          AND p.valid_from <= day AND (p.valid_to IS NULL OR p.valid_to > day)
          AND h.valid_from <= day AND (h.valid_to IS NULL OR h.valid_to > day))
$$;
-- +goose StatementEnd

GRANT SELECT, INSERT, UPDATE, DELETE ON password, session, api_token, totp, recovery_code, external_login, one_time_link,
    known_device, sign_in_try TO wangge_engine;

-- Requests: one's own lists without the digests, ending one's own sessions and
-- tokens and those of an account one keeps, and links and preparations for those.
GRANT SELECT (id, account_id, method, agent, made_at, seen_at), DELETE ON session TO wangge_app;
GRANT SELECT (id, account_id, name, may, unit_id, made_at, expires_at, used_at), DELETE ON api_token TO wangge_app;
GRANT SELECT (account_id, purpose, expires_at), INSERT, DELETE ON one_time_link TO wangge_app;
GRANT SELECT (account_id, issuer, subject, expires_at), INSERT, DELETE ON external_login TO wangge_app;
GRANT SELECT (account_id, confirmed_at) ON totp TO wangge_app;

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['password', 'session', 'api_token', 'totp', 'recovery_code', 'external_login', 'one_time_link', 'known_device', 'sign_in_try'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY engine ON %I TO wangge_engine USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;
-- +goose StatementEnd

SELECT wall(t, 'select delete', format('%1$I.account_id = (SELECT acting_account()) OR acting_keeps(%1$I.account_id)', t))
FROM unnest(ARRAY['session', 'api_token']) t;
SELECT wall(t, 'select insert delete', format('acting_keeps(%I.account_id)', t))
FROM unnest(ARRAY['one_time_link', 'external_login']) t;
SELECT wall('totp', 'select', 'totp.account_id = (SELECT acting_account()) OR acting_keeps(totp.account_id)');

-- An account is changed by whoever keeps all of its posts, and deleted by nobody.
DROP POLICY app_update ON account;
DROP POLICY app_delete ON account;
SELECT wall('account', 'update', 'acting_keeps(account.id)');
