-- +goose Up

-- Times are microseconds since 1970 in UTC, 0 for none. Packed text is compressed with S2.

-- What came: written once. A delivery that was ignored has no payload until it is accepted.
CREATE TABLE deliveries (
    id          TEXT    NOT NULL PRIMARY KEY,
    request_id  TEXT    NOT NULL,
    hook_id     TEXT    NOT NULL,
    event       TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    repo        TEXT    NOT NULL,
    repo_id     INTEGER NOT NULL,
    scope       TEXT    NOT NULL, -- the entry of the settings whose own secret proved the body, else ''
    sender      TEXT    NOT NULL,
    headers     TEXT    NOT NULL, -- JSON object
    hash        BLOB    NOT NULL,
    ignored     TEXT    NOT NULL, -- the rule's name, '' once accepted
    received_at INTEGER NOT NULL,
    payload     BLOB              -- packed
);
-- What retention has still to look at.
CREATE INDEX deliveries_kept ON deliveries (received_at) WHERE payload IS NOT NULL;

-- Every body that was seen for a delivery, one for each hook.
CREATE TABLE bodies (
    delivery_id TEXT    NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    hook_id     TEXT    NOT NULL,
    hash        BLOB    NOT NULL,
    accepted_at INTEGER NOT NULL, -- 0 while ignored
    PRIMARY KEY (delivery_id, hook_id)
) WITHOUT ROWID;
CREATE INDEX bodies_hash ON bodies (hash, accepted_at);

-- What becomes of it.
CREATE TABLE tasks (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    delivery_id TEXT    NOT NULL REFERENCES deliveries (id),
    request_id  TEXT    NOT NULL,
    origin      TEXT    NOT NULL,
    subject_key TEXT    NOT NULL,
    scope       TEXT    NOT NULL,
    repo_id     INTEGER NOT NULL,
    repo        TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    number      INTEGER NOT NULL,
    ref         TEXT    NOT NULL,
    purpose     TEXT    NOT NULL,
    event       TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'done', 'skipped', 'superseded', 'parked')),
    reason      TEXT    NOT NULL DEFAULT '',
    attempt     INTEGER NOT NULL DEFAULT 0,
    occurred_at INTEGER NOT NULL,
    queued_at   INTEGER NOT NULL,
    burst_at    INTEGER NOT NULL, -- when the first task of its burst was queued
    run_at      INTEGER NOT NULL,
    owner       TEXT    NOT NULL DEFAULT '',
    epoch       INTEGER NOT NULL DEFAULT 0,
    until       INTEGER NOT NULL DEFAULT 0,
    spent       INTEGER NOT NULL DEFAULT 0 -- microseconds of processing, over all attempts
);
-- One running task a subject, held by the database itself.
CREATE UNIQUE INDEX tasks_running ON tasks (subject_key) WHERE state = 'running';
CREATE INDEX tasks_head ON tasks (subject_key, run_at, id) WHERE state = 'queued';
CREATE INDEX tasks_pending ON tasks (subject_key, purpose, occurred_at, id) WHERE state = 'queued';
CREATE INDEX tasks_newest ON tasks (subject_key, purpose, occurred_at, id);
CREATE INDEX tasks_delivery ON tasks (delivery_id, id);
CREATE INDEX tasks_state ON tasks (state, id);
CREATE INDEX tasks_repo ON tasks (repo, id);
CREATE INDEX tasks_event ON tasks (event, id);

-- The heads of the queue, so that a claim looks at one row of a subject however many tasks it has queued: a lane is
-- a subject with tasks queued or running, a yard a repository with lanes. They follow from tasks, and are made anew
-- from them at start.
CREATE TABLE lanes (
    subject_key TEXT    NOT NULL PRIMARY KEY,
    repo_id     INTEGER NOT NULL,
    busy        INTEGER NOT NULL,
    due_at      INTEGER -- of its earliest queued task, NULL when none is queued
) WITHOUT ROWID;
CREATE INDEX lanes_repo ON lanes (repo_id, busy, due_at);
CREATE INDEX lanes_due ON lanes (busy, due_at);

CREATE TABLE yards (
    repo_id INTEGER NOT NULL PRIMARY KEY,
    running INTEGER NOT NULL,
    due_at  INTEGER -- of its earliest lane that is not busy
);
CREATE INDEX yards_due ON yards (running, due_at);

CREATE TABLE analyses (
    task_id     INTEGER NOT NULL PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    delivery_id TEXT    NOT NULL,
    subject_key TEXT    NOT NULL,
    subject     TEXT    NOT NULL, -- JSON
    purpose     TEXT    NOT NULL,
    revision    TEXT    NOT NULL,
    answer      BLOB    NOT NULL, -- packed JSON, byte for byte
    model       TEXT    NOT NULL,
    template    TEXT    NOT NULL,
    prompt_hash TEXT    NOT NULL,
    prompt      TEXT    NOT NULL, -- JSON without the three texts that follow
    system      BLOB    NOT NULL, -- packed, as the two below
    user        BLOB    NOT NULL,
    schema      BLOB    NOT NULL,
    usage       TEXT    NOT NULL, -- JSON
    at          INTEGER NOT NULL
);
CREATE INDEX analyses_subject ON analyses (subject_key, purpose, task_id);
CREATE INDEX analyses_kept ON analyses (at) WHERE length(user) > 0;

CREATE TABLE plans (
    task_id INTEGER NOT NULL PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    plan    BLOB    NOT NULL -- packed JSON
);

-- The ledger. A row goes with its delivery, and not before nothing can refer to it: see purge_records.go.
CREATE TABLE effects (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    key         TEXT    NOT NULL UNIQUE,
    task_id     INTEGER NOT NULL REFERENCES tasks (id),
    subject_key TEXT    NOT NULL,
    purpose     TEXT    NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('add_labels', 'remove_labels', 'upsert_comment', 'create_review', 'close_issue', 'set_body',
                    'create_issue', 'rerun_failed_jobs', 'add_reaction', 'edit_remark', 'set_section')),
    state       TEXT    NOT NULL CHECK (state IN ('intent', 'sending', 'done', 'failed', 'unknown', 'shadow', 'stale')),
    effect      BLOB    NOT NULL, -- packed JSON
    remote_id   INTEGER NOT NULL DEFAULT 0,
    url         TEXT    NOT NULL DEFAULT '',
    error       TEXT    NOT NULL DEFAULT '',
    at          INTEGER NOT NULL  -- of the last move
);
CREATE INDEX effects_task ON effects (task_id, id);
CREATE INDEX effects_posted ON effects (subject_key, purpose, kind, id) WHERE state = 'done';
CREATE INDEX effects_undecided ON effects (state) WHERE state IN ('sending', 'unknown');

-- Money and calls. While open, micro_usd is what was set aside; then what the call cost. Its task may be gone.
CREATE TABLE spend (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    task_id     INTEGER NOT NULL,
    subject_key TEXT    NOT NULL,
    repo_id     INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('open', 'settled', 'void')),
    micro_usd   INTEGER NOT NULL,
    model       TEXT    NOT NULL DEFAULT '',
    usage       TEXT    NOT NULL DEFAULT '{}', -- JSON
    at          INTEGER NOT NULL
);
CREATE INDEX spend_at ON spend (at, micro_usd, state);
CREATE INDEX spend_repo ON spend (repo_id, at, micro_usd, state);
CREATE INDEX spend_actor ON spend (actor, at, task_id) WHERE state <> 'void';
CREATE INDEX spend_subject ON spend (subject_key, at) WHERE state <> 'void';

-- Hourly buckets, and under hour 0 the totals.
CREATE TABLE counters (
    hour INTEGER NOT NULL, -- its start, in seconds since 1970
    kind TEXT    NOT NULL,
    name TEXT    NOT NULL,
    n    INTEGER NOT NULL,
    PRIMARY KEY (hour, kind, name)
) WITHOUT ROWID;

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;
