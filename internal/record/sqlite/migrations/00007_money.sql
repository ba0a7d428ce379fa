-- +goose Up

-- The sums of spend by UTC day: of all together under '', of a repository under 'repo/1', of a person under 'actor/ann'.
CREATE TABLE money (
    owner     TEXT    NOT NULL,
    day       INTEGER NOT NULL, -- since 1970
    micro_usd INTEGER NOT NULL,
    PRIMARY KEY (owner, day)
) WITHOUT ROWID;
CREATE INDEX money_day ON money (day);

INSERT INTO money (owner, day, micro_usd)
    SELECT '', at / 86400000000, sum(micro_usd) FROM spend GROUP BY 1, 2
    UNION ALL SELECT 'repo/' || repo_id, at / 86400000000, sum(micro_usd) FROM spend GROUP BY 1, 2
    UNION ALL SELECT 'actor/' || actor, at / 86400000000, sum(micro_usd) FROM spend GROUP BY 1, 2;

-- The sums follow whatever is set aside, settled, or moved to another day with the clock. Rows that age out stay in them.
-- +goose StatementBegin
CREATE TRIGGER spend_made AFTER INSERT ON spend BEGIN
    INSERT INTO money (owner, day, micro_usd) VALUES
        ('', new.at / 86400000000, new.micro_usd),
        ('repo/' || new.repo_id, new.at / 86400000000, new.micro_usd),
        ('actor/' || new.actor, new.at / 86400000000, new.micro_usd)
    ON CONFLICT (owner, day) DO UPDATE SET micro_usd = micro_usd + excluded.micro_usd;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER spend_changed AFTER UPDATE OF micro_usd, at ON spend BEGIN
    INSERT INTO money (owner, day, micro_usd) VALUES
        ('', old.at / 86400000000, -old.micro_usd),
        ('repo/' || old.repo_id, old.at / 86400000000, -old.micro_usd),
        ('actor/' || old.actor, old.at / 86400000000, -old.micro_usd),
        ('', new.at / 86400000000, new.micro_usd),
        ('repo/' || new.repo_id, new.at / 86400000000, new.micro_usd),
        ('actor/' || new.actor, new.at / 86400000000, new.micro_usd)
    ON CONFLICT (owner, day) DO UPDATE SET micro_usd = micro_usd + excluded.micro_usd;
END;
-- +goose StatementEnd

-- What the sums were read by, and what calls under way are read by now.
DROP INDEX spend_repo;
DROP INDEX spend_at;
CREATE INDEX spend_at ON spend (at);
CREATE INDEX spend_open ON spend (at, repo_id, actor, micro_usd) WHERE state = 'open';
