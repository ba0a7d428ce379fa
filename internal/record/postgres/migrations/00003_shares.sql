-- +goose Up

-- Limits of all instances together: see shares.go. What calls have used, or are using, of a limit.
CREATE TABLE uses (
    ticket text        COLLATE "C" NOT NULL, -- of one call
    name   text        COLLATE "C" NOT NULL, -- of the limit
    amount bigint      NOT NULL,
    span   bigint      NOT NULL, -- microseconds for which it counts once the call has ended
    flying boolean     NOT NULL, -- the call has not ended
    until  timestamptz NOT NULL, -- counts before then
    PRIMARY KEY (ticket, name)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
CREATE INDEX uses_name ON uses (name, until);
CREATE INDEX uses_until ON uses (until);

-- What servers said of limits of their own.
CREATE TABLE buckets (
    name  text             COLLATE "C" NOT NULL PRIMARY KEY,
    size  double precision NOT NULL,
    level double precision NOT NULL, -- at that time
    rate  double precision NOT NULL, -- a second
    at    timestamptz      NOT NULL
) WITH (fillfactor = 50);

-- Until when servers asked to wait.
CREATE TABLE pauses (
    name  text        COLLATE "C" NOT NULL PRIMARY KEY,
    until timestamptz NOT NULL
);
