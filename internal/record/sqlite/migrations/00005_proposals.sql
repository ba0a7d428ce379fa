-- +goose Up

-- Effects that wait for approval, and kinds that take back what was done. A CHECK cannot be changed: the table is made anew.
CREATE TABLE effects_new (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    key         TEXT    NOT NULL UNIQUE,
    task_id     INTEGER NOT NULL REFERENCES tasks (id), -- that planned it
    subject_key TEXT    NOT NULL,
    purpose     TEXT    NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('add_labels', 'remove_labels', 'upsert_comment', 'create_review', 'close_issue', 'set_body',
                    'create_issue', 'rerun_failed_jobs', 'add_reaction', 'edit_remark', 'set_section',
                    'revert_comment', 'hide_review', 'reopen_issue', 'remove_reaction')),
    state       TEXT    NOT NULL CHECK (state IN ('intent', 'sending', 'done', 'failed', 'unknown', 'shadow', 'stale', 'proposed', 'rejected', 'undone')),
    effect      BLOB    NOT NULL, -- packed JSON
    remote_id   INTEGER NOT NULL DEFAULT 0,
    url         TEXT    NOT NULL DEFAULT '',
    error       TEXT    NOT NULL DEFAULT '',
    at          INTEGER NOT NULL, -- of the last move
    carrier_id  INTEGER NOT NULL DEFAULT 0,  -- the task that carries out what was approved, 0 for task_id
    decided_by  TEXT    NOT NULL DEFAULT '', -- who approved or rejected it, or had it taken back
    undoes      INTEGER NOT NULL DEFAULT 0   -- the row that it takes back, 0 for none
);
INSERT INTO effects_new (id, key, task_id, subject_key, purpose, kind, state, effect, remote_id, url, error, at)
    SELECT id, key, task_id, subject_key, purpose, kind, state, effect, remote_id, url, error, at FROM effects;
DROP TABLE effects;
ALTER TABLE effects_new RENAME TO effects;
CREATE INDEX effects_task ON effects (task_id, id);
CREATE INDEX effects_carrier ON effects (carrier_id, id) WHERE carrier_id <> 0;
CREATE INDEX effects_posted ON effects (subject_key, purpose, kind, id) WHERE state = 'done';
CREATE INDEX effects_undecided ON effects (state) WHERE state IN ('sending', 'unknown');
CREATE INDEX effects_done ON effects (at, id) WHERE state = 'done';
CREATE INDEX effects_proposed ON effects (id) WHERE state = 'proposed';
