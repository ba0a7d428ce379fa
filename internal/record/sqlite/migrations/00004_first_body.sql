-- +goose Up

-- The body that a delivery was stored with, known by the delivery's own hook_id and hash, has its time here. The table
-- bodies has the others of the same id, and those that were stored before.
ALTER TABLE deliveries ADD COLUMN accepted_at INTEGER NOT NULL DEFAULT 0; -- 0 while ignored
CREATE INDEX deliveries_hash ON deliveries (hash, accepted_at) WHERE accepted_at > 0;
