-- +goose Up

-- What is known beyond one task: see hls.Memory.
CREATE TABLE memories (
    subject_key TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    repo_id     INTEGER NOT NULL,
    scope       TEXT    NOT NULL,
    subject     TEXT    NOT NULL, -- JSON
    value       BLOB    NOT NULL, -- packed JSON
    at          INTEGER NOT NULL, -- when it was stored last
    PRIMARY KEY (subject_key, kind, key)
) WITHOUT ROWID;
CREATE INDEX memories_wide ON memories (repo_id, scope, kind, key, at);
CREATE INDEX memories_kept ON memories (at);
