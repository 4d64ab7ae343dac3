-- +goose Up

-- Where a town's own message gateway is told of duties. The secret that signs lies in the
-- vault. unit_id: its incidents, and those of all units below.
CREATE TABLE webhook (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    unit_id    bigint NOT NULL,
    url        text NOT NULL,
    events     text[] NOT NULL,
    enabled    boolean NOT NULL DEFAULT true,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT webhook_events_are_known CHECK (events <@ ARRAY['given', 'dispatched', 'overdue'] AND cardinality(events) > 0),
    CONSTRAINT webhook_url_is_short CHECK (length(url) <= 500)
);
CREATE INDEX webhook_unit ON webhook (unit_id);

-- What is to be told, and was. next_at is when it is tried again: whoever tries sets it on
-- before, so that one who dies meanwhile is made up for. body is made at the first try and
-- the same in all of them.
CREATE TABLE webhook_delivery (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    webhook_id  bigint NOT NULL REFERENCES webhook ON DELETE CASCADE,
    event       text NOT NULL,
    incident_id uuid,                                -- null: a test
    due_at      timestamptz,                         -- of what is overdue: once for each deadline
    made_at     timestamptz NOT NULL DEFAULT now(),
    next_at     timestamptz NOT NULL DEFAULT now(),
    tries       integer NOT NULL DEFAULT 0,
    state       text NOT NULL DEFAULT 'waiting',
    problem     text NOT NULL DEFAULT '',            -- of the last try, a code
    ended_at    timestamptz,
    body        bytea,
    CONSTRAINT webhook_delivery_state_is_known CHECK (state IN ('waiting', 'delivered', 'failed')),
    CONSTRAINT webhook_delivery_is_told_once UNIQUE (webhook_id, event, incident_id, due_at)
);
CREATE INDEX webhook_delivery_waiting ON webhook_delivery (next_at) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_made ON webhook_delivery (webhook_id, made_at DESC);

-- Duties are written down for gateways in the transaction that makes them, whoever makes
-- them.
-- +goose StatementBegin
CREATE FUNCTION tell_webhooks(what text, incident uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    INSERT INTO webhook_delivery (webhook_id, event, incident_id)
    SELECT w.id, what, incident
    FROM incident_unit o JOIN unit_ancestor a ON a.unit_id = o.unit_id JOIN webhook w ON w.unit_id = a.ancestor_id
    WHERE o.incident_id = incident AND o.valid_to IS NULL AND w.enabled AND what = ANY (w.events)
$$;

CREATE FUNCTION incident_is_given() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'incident_duty' THEN
        PERFORM tell_webhooks('given', NEW.incident_id);
    ELSE
        PERFORM tell_webhooks('dispatched', NEW.incident_id);
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION tell_webhooks(text, uuid), incident_is_given() FROM PUBLIC;
CREATE TRIGGER incident_is_given AFTER INSERT ON incident_duty FOR EACH ROW WHEN (NEW.basis <> 'dispatch') EXECUTE FUNCTION incident_is_given();
CREATE TRIGGER incident_is_dispatched AFTER INSERT ON incident_step FOR EACH ROW WHEN (NEW.act = 'dispatch') EXECUTE FUNCTION incident_is_given();

INSERT INTO purpose_field VALUES ('webhook', 'secret', 'sign-in-protection', '消息推送签名密钥', 'Secret that signs messages to a gateway', false);
INSERT INTO retention_rule VALUES
    ('webhook-delivery', 132, '消息推送记录', 'Messages to gateways', '送达或放弃', 'delivery, or when it was given up', 30, 1, 365,
     '个人信息保护法第十九条：排查未送达的消息', 'PIPL article 19: to look into what did not arrive');

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON webhook, webhook_delivery TO wangge_engine;
GRANT SELECT ON webhook, webhook_delivery TO wangge_app;
ALTER TABLE webhook ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_delivery ENABLE ROW LEVEL SECURITY;
CREATE POLICY engine ON webhook TO wangge_engine USING (true) WITH CHECK (true);
CREATE POLICY engine ON webhook_delivery TO wangge_engine USING (true) WITH CHECK (true);
SELECT wall('webhook', 'select', '{setting webhook.unit_id}');
SELECT wall('webhook_delivery', 'select', 'EXISTS (SELECT FROM webhook w WHERE w.id = webhook_delivery.webhook_id)');
