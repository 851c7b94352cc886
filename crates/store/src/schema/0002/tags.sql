-- The catalogue of tags. `folded` is the name in lower case.
CREATE TABLE tag (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    folded TEXT NOT NULL UNIQUE,
    colour TEXT NOT NULL,
    family TEXT NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE conversation_tag (
    conversation INTEGER NOT NULL,
    tag INTEGER NOT NULL,
    -- When it was put on, and by which agent.
    at INTEGER NOT NULL,
    agent INTEGER,
    PRIMARY KEY (conversation, tag)
) WITHOUT ROWID;
CREATE INDEX conversation_tag_tag ON conversation_tag (tag, conversation);

-- Tags that are gone, while what they were on still names them.
CREATE TABLE removed_tag (
    key INTEGER PRIMARY KEY
);
