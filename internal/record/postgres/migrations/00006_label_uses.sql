-- +goose Up

-- What became of the labels that HLS set, by the UTC day on which it did, and which labels people added on a day.
CREATE TABLE label_uses (
    repo_id    bigint NOT NULL,
    scope      text   COLLATE "C" NOT NULL,
    label      text   COLLATE "C" NOT NULL, -- folded
    day        bigint NOT NULL, -- since 1970
    repo       text   COLLATE "C" NOT NULL, -- folded
    applied    bigint NOT NULL,
    kept       bigint NOT NULL,
    overridden bigint NOT NULL,
    added      bigint NOT NULL,
    PRIMARY KEY (repo_id, scope, label, day)
);
CREATE INDEX label_uses_repo ON label_uses (repo);

-- Since when what became of a label counts.
CREATE TABLE label_resets (
    repo_id bigint      NOT NULL,
    scope   text        COLLATE "C" NOT NULL,
    label   text        COLLATE "C" NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (repo_id, scope, label)
);

-- Who looks after the comments about proposals looks for what was rejected since.
CREATE INDEX effects_rejected ON effects (at, id) WHERE state = 'rejected';
