-- +goose Up

-- Effects that wait for approval, and kinds that take back what was done. Rows that are there satisfied narrower checks, so
-- that they need not be looked through.
ALTER TABLE effects
    DROP CONSTRAINT effects_kind_check,
    DROP CONSTRAINT effects_state_check,
    ADD CONSTRAINT effects_kind_check CHECK (kind IN ('add_labels', 'remove_labels', 'upsert_comment', 'create_review', 'close_issue', 'set_body',
        'create_issue', 'rerun_failed_jobs', 'add_reaction', 'edit_remark', 'set_section',
        'revert_comment', 'hide_review', 'reopen_issue', 'remove_reaction')) NOT VALID,
    ADD CONSTRAINT effects_state_check CHECK (state IN ('intent', 'sending', 'done', 'failed', 'unknown', 'shadow', 'stale', 'proposed', 'rejected', 'undone')) NOT VALID,
    ADD COLUMN carrier_id bigint NOT NULL DEFAULT 0,                -- the task that carries out what was approved, 0 for task_id
    ADD COLUMN decided_by text   COLLATE "C" NOT NULL DEFAULT '',   -- who approved or rejected it, or had it taken back
    ADD COLUMN undoes     bigint NOT NULL DEFAULT 0;                -- the row that it takes back, 0 for none
CREATE INDEX effects_carrier ON effects (carrier_id, id) WHERE carrier_id <> 0;
CREATE INDEX effects_done ON effects (at, id) WHERE state = 'done';
CREATE INDEX effects_proposed ON effects (id) WHERE state = 'proposed';
