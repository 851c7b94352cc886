-- What agents ask of ticket systems of others, written down before it is sent. What was done keeps no body.
CREATE TABLE external_write (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    conversation INTEGER NOT NULL,
    agent INTEGER NOT NULL,
    -- 0 create, 1 update, 2 comment.
    kind INTEGER NOT NULL,
    -- 0 waiting, 1 being sent, 2 done, 3 failed, 4 unknown, 5 dismissed.
    state INTEGER NOT NULL,
    -- What that system calls the ticket.
    ticket TEXT,
    body TEXT NOT NULL,
    -- SHA-256 of the body as it was asked for: a repeat is told by it.
    digest BLOB NOT NULL,
    -- Why it is not done.
    reason TEXT NOT NULL,
    tries INTEGER NOT NULL,
    -- When it is tried next, while it waits.
    due_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX external_write_due ON external_write (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX external_write_conversation ON external_write (conversation, number);
CREATE INDEX external_write_open ON external_write (conversation) WHERE state < 2;
