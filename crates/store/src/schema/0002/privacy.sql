-- From when on nothing is left of a visitor but its id; nothing more is taken from it or for it.
ALTER TABLE visitor ADD COLUMN erased_at INTEGER;

-- Erasures of customers, by public id. One that is not finished goes on behind the conversation `done_upto`.
CREATE TABLE erasure (
    customer BLOB NOT NULL PRIMARY KEY,
    asked_at INTEGER NOT NULL,
    -- Public id of the agent; none for who works on the server's own shell.
    asked_by BLOB,
    done_upto INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    finished_at INTEGER
) WITHOUT ROWID;
CREATE INDEX erasure_open ON erasure (asked_at) WHERE finished_at IS NULL;

-- Customers of whom nothing may be erased, by the public id that they had when the hold was made.
CREATE TABLE legal_hold (
    customer BLOB NOT NULL PRIMARY KEY,
    reason TEXT NOT NULL,
    made_by BLOB,
    made_at INTEGER NOT NULL,
    expires_at INTEGER
) WITHOUT ROWID;
