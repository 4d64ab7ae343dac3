-- +goose Up

-- The post that an incident was dispatched to; null: whose it was already.
ALTER TABLE incident_step ADD COLUMN to_post_id bigint;
ALTER TABLE incident_step ADD CONSTRAINT incident_step_has_a_post_when_dispatched CHECK (to_post_id IS NULL OR act = 'dispatch');
ALTER TABLE incident_duty DROP CONSTRAINT incident_duty_basis_is_known;
ALTER TABLE incident_duty ADD CONSTRAINT incident_duty_basis_is_known CHECK (basis IN ('asset', 'line', 'zone', 'grid', 'backstop', 'dispatch'));
