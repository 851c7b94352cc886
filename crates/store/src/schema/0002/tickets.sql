-- Tickets. `number` is what people say; it is never used again.
CREATE TABLE ticket (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    inbox INTEGER NOT NULL,
    requester INTEGER,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    contact_name TEXT NOT NULL,
    contact_email TEXT NOT NULL,
    contact_phone TEXT NOT NULL,
    -- 0 new, 1 open, 2 pending, 3 solved, 4 closed.
    status INTEGER NOT NULL,
    -- 0 low, 1 normal, 2 high, 3 urgent.
    priority INTEGER NOT NULL,
    assignee INTEGER,
    team BLOB,
    due_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    solved_at INTEGER,
    -- Rises with each change of a field, not with comments.
    version INTEGER NOT NULL
);
CREATE INDEX ticket_recent ON ticket (updated_at);
CREATE INDEX ticket_status ON ticket (status, updated_at);
CREATE INDEX ticket_assignee ON ticket (assignee, updated_at);
CREATE INDEX ticket_requester ON ticket (requester, updated_at);
CREATE INDEX ticket_due ON ticket (due_at) WHERE due_at IS NOT NULL AND status IN (0, 1, 2);

-- Never changed.
CREATE TABLE ticket_comment (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    ticket INTEGER NOT NULL,
    -- As in the log.
    author_kind INTEGER NOT NULL,
    author INTEGER,
    internal INTEGER NOT NULL,
    text TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX ticket_comment_ticket ON ticket_comment (ticket, key);

-- One row for each change of a field.
CREATE TABLE ticket_history (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    ticket INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor_kind INTEGER NOT NULL,
    actor INTEGER,
    field TEXT NOT NULL,
    before TEXT,
    after TEXT
);
CREATE INDEX ticket_history_ticket ON ticket_history (ticket, key);

CREATE TABLE ticket_conversation (
    ticket INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    PRIMARY KEY (ticket, conversation)
) WITHOUT ROWID;
CREATE INDEX ticket_conversation_conversation ON ticket_conversation (conversation, ticket);

CREATE TABLE ticket_tag (
    ticket INTEGER NOT NULL,
    tag INTEGER NOT NULL,
    PRIMARY KEY (ticket, tag)
) WITHOUT ROWID;
CREATE INDEX ticket_tag_tag ON ticket_tag (tag, ticket);

-- Terms of tickets (subject, body, name of the contact) by number, and of comments by key. They go with the words that
-- they are of, whoever takes those away, and leave nothing in the index.
CREATE VIRTUAL TABLE ticket_search USING fts5 (words, tokenize = 'ascii');
CREATE VIRTUAL TABLE ticket_comment_search USING fts5 (words, tokenize = 'ascii');
INSERT INTO ticket_search (ticket_search, rank) VALUES ('secure-delete', 1);
INSERT INTO ticket_comment_search (ticket_comment_search, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER ticket_reworded AFTER UPDATE OF subject, body, contact_name ON ticket
    WHEN (old.subject, old.body, old.contact_name) <> (new.subject, new.body, new.contact_name)
    BEGIN DELETE FROM ticket_search WHERE rowid = old.number; END;
CREATE TRIGGER ticket_comment_reworded AFTER UPDATE OF text ON ticket_comment
    BEGIN DELETE FROM ticket_comment_search WHERE rowid = old.key; END;
