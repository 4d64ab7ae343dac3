-- +goose Up

-- By when a step was due as it was counted when it was taken: limits and holidays may have
-- changed since the step before it. Of steps taken before this it is what was counted at
-- the step before.
ALTER TABLE incident_step ADD COLUMN was_due_at timestamptz;
UPDATE incident_step s SET was_due_at = b.due_at
FROM incident_step b WHERE b.incident_id = s.incident_id AND b.ordinal = s.ordinal - 1 AND b.due_at IS NOT NULL;
