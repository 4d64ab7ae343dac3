-- +goose Up

-- Proposals: divisions of a unit that a job has worked out. A person adopts one; then it
-- is a draft. unit_id is the unit that is divided. They tell exact counts of small areas,
-- so they are for who plans and may see single places there.
CREATE TABLE proposal (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    unit_id     bigint NOT NULL,
    params      jsonb NOT NULL,
    job_id      bigint,
    found       jsonb,
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT proposal_is_finished_with_an_answer CHECK ((found IS NULL) = (finished_at IS NULL))
);
CREATE INDEX proposal_unit_id ON proposal (unit_id, id DESC);

-- The units of each alternative; those with a code are units in force.
CREATE TABLE proposal_part (
    proposal_id bigint NOT NULL REFERENCES proposal ON DELETE CASCADE,
    alternative integer NOT NULL,                       -- from 1, the best first
    ordinal     integer NOT NULL,                       -- from 1
    unit_id     bigint NOT NULL,                        -- the proposal's
    code        text NOT NULL DEFAULT '',
    parent      text NOT NULL,                          -- code of the unit above
    households  integer NOT NULL,
    geom        geometry(MultiPolygon, 4326) NOT NULL,
    PRIMARY KEY (proposal_id, alternative, ordinal)
);

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON proposal, proposal_part TO wangge_engine;
GRANT SELECT, INSERT, UPDATE, DELETE ON proposal TO wangge_app;
GRANT SELECT ON proposal_part TO wangge_app;

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['proposal', 'proposal_part'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY engine ON %I TO wangge_engine USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;

-- Where the job of a proposal stands, for whoever may see the proposal.
CREATE FUNCTION proposal_job_state(job bigint) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT j.state FROM job j WHERE j.id = proposal_job_state.job AND j.kind = 'proposal' $$;
-- +goose StatementEnd

SELECT wall('proposal', 'select insert update delete', '{plan proposal.unit_id} AND {place proposal.unit_id}'),
       wall('proposal_part', 'select', '{plan proposal_part.unit_id} AND {place proposal_part.unit_id}');
