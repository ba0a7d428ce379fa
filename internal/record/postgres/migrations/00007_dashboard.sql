-- +goose Up

-- What people find a task by: the title of its issue or pull request, as long as the payload is kept; and an index for each
-- thing that lists are asked for.
ALTER TABLE tasks ADD COLUMN title text NOT NULL DEFAULT '';
CREATE INDEX tasks_actor ON tasks (actor, id);
CREATE INDEX tasks_reason ON tasks (reason, id) WHERE reason <> '';
CREATE INDEX tasks_subject ON tasks (repo, number, ref, id);
CREATE INDEX effects_state ON effects (state, id) WHERE state <> 'done';
