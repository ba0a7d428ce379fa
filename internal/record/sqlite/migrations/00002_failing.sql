-- +goose Up

-- Since when a door has put a task off, run after run; 0 when the last run was not.
ALTER TABLE tasks ADD COLUMN failing_at INTEGER NOT NULL DEFAULT 0;
