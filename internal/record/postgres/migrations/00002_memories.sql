-- +goose Up

-- What is known beyond one task: see hls.Memory.
CREATE TABLE memories (
    subject_key text        COLLATE "C" NOT NULL,
    kind        text        COLLATE "C" NOT NULL,
    key         text        COLLATE "C" NOT NULL,
    repo_id     bigint      NOT NULL,
    scope       text        NOT NULL,
    subject     text        NOT NULL, -- JSON
    value       bytea       NOT NULL, -- packed JSON
    at          timestamptz NOT NULL, -- when it was stored last
    PRIMARY KEY (subject_key, kind, key)
);
CREATE INDEX memories_wide ON memories (repo_id, scope, kind, key, at);
CREATE INDEX memories_kept ON memories (at);
