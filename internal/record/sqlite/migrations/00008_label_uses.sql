-- +goose Up

-- What became of the labels that HLS set, by the UTC day on which it did, and which labels people added on a day.
CREATE TABLE label_uses (
    repo_id    INTEGER NOT NULL,
    scope      TEXT    NOT NULL,
    label      TEXT    NOT NULL, -- folded
    day        INTEGER NOT NULL, -- since 1970
    repo       TEXT    NOT NULL, -- folded
    applied    INTEGER NOT NULL,
    kept       INTEGER NOT NULL,
    overridden INTEGER NOT NULL,
    added      INTEGER NOT NULL,
    PRIMARY KEY (repo_id, scope, label, day)
) WITHOUT ROWID;
CREATE INDEX label_uses_repo ON label_uses (repo);

-- Since when what became of a label counts.
CREATE TABLE label_resets (
    repo_id INTEGER NOT NULL,
    scope   TEXT    NOT NULL,
    label   TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (repo_id, scope, label)
) WITHOUT ROWID;

-- Who looks after the comments about proposals looks for what was rejected since.
CREATE INDEX effects_rejected ON effects (at, id) WHERE state = 'rejected';
