-- Replies that are written once. `owner` is an agent, or 0 for those that all share.
CREATE TABLE canned_reply (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    owner INTEGER NOT NULL,
    folder TEXT NOT NULL,
    shortcut TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    -- What a search looks through, in lower case.
    folded TEXT NOT NULL,
    uses INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (owner, shortcut)
);
CREATE INDEX canned_reply_uses ON canned_reply (uses);
