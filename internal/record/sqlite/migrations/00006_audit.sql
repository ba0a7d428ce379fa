-- +goose Up

-- The audit log: see record.Seal. Rows are appended, and never changed; retention takes them from the beginning alone.
CREATE TABLE audit (
    seq         INTEGER NOT NULL PRIMARY KEY,
    at          INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    task_id     INTEGER NOT NULL,
    delivery_id TEXT    NOT NULL,
    repo        TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    data        TEXT    NOT NULL, -- JSON
    prev        BLOB    NOT NULL, -- hash of the row before
    hash        BLOB    NOT NULL
);
CREATE INDEX audit_at ON audit (at, seq);
