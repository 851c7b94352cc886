-- Who writes and reads. Times are microseconds since 1970 (UTC), ids 16 bytes.

CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value NOT NULL
) WITHOUT ROWID;

-- A secret of this store: who knows it could make dedupe hashes collide.
INSERT INTO meta (key, value) VALUES ('dedupe_key', randomblob(16)), ('folded_pos', 0);

CREATE TABLE inbox (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    greeting TEXT NOT NULL,
    origins TEXT NOT NULL,
    identity_required INTEGER NOT NULL,
    sealed_secret BLOB NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE agent (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE,
    role INTEGER NOT NULL,
    status INTEGER NOT NULL,
    capacity INTEGER NOT NULL,
    disabled INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    password_hash TEXT NOT NULL DEFAULT ''
);

CREATE TABLE visitor (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    inbox INTEGER NOT NULL,
    external_id TEXT,
    verified INTEGER NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    attributes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX visitor_verified ON visitor (inbox, external_id)
    WHERE verified = 1 AND external_id IS NOT NULL;

CREATE TABLE session (
    token_hash BLOB NOT NULL PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    principal_kind INTEGER NOT NULL,
    principal INTEGER NOT NULL,
    inbox INTEGER,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER,
    user_agent TEXT NOT NULL,
    address TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_principal ON session (principal_kind, principal);

-- The heads. A row that merely lags behind its log is brought up to date by folding.
CREATE TABLE conversation (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    inbox INTEGER NOT NULL,
    visitor INTEGER NOT NULL,
    state INTEGER NOT NULL,
    assignee INTEGER,
    last_seq INTEGER NOT NULL,
    last_public_seq INTEGER NOT NULL,
    last_pos INTEGER NOT NULL,
    last_message_pos INTEGER NOT NULL,
    last_public_message_pos INTEGER NOT NULL,
    visitor_read_seq INTEGER NOT NULL,
    agent_read_seq INTEGER NOT NULL,
    queued_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    resolved_at INTEGER,
    rating_score INTEGER,
    rating_comment TEXT,
    rating_at INTEGER
);
-- States: 0 new, 1 queued, 2 open, 3 pending, 4 resolved.
CREATE INDEX conversation_mine ON conversation (assignee, updated_at) WHERE state IN (2, 3);
CREATE INDEX conversation_waiting ON conversation (queued_at) WHERE state = 1;
CREATE INDEX conversation_live ON conversation (updated_at) WHERE state IN (1, 2, 3);
CREATE INDEX conversation_ended ON conversation (updated_at) WHERE state = 4;
CREATE INDEX conversation_ended_mine ON conversation (assignee, updated_at) WHERE state = 4;
CREATE INDEX conversation_visitor ON conversation (visitor, updated_at);

-- Every entry in the order of its commit; never changed. An entry names the one before it in its
-- conversation, so a page is read backwards from the head or an anchor without any index.
CREATE TABLE log (
    pos INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    prev_pos INTEGER NOT NULL,
    prev_public_seq INTEGER NOT NULL,
    -- 0 text, 1 note, 2 event.
    kind INTEGER NOT NULL,
    -- 0 visitor, 1 agent, 2 bot, 3 system.
    sender_kind INTEGER NOT NULL,
    sender INTEGER,
    created_at INTEGER NOT NULL,
    -- When it was written where it was imported from.
    occurred_at INTEGER,
    id BLOB NOT NULL,
    client_id BLOB,
    text TEXT NOT NULL,
    event TEXT
);

-- Where every 32nd entry of a conversation is.
CREATE TABLE anchor (
    conversation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    pos INTEGER NOT NULL,
    PRIMARY KEY (conversation, seq)
) WITHOUT ROWID;

-- Which client ids a conversation has seen, by keyed hash of sender and client id. Folded in.
CREATE TABLE dedupe (
    conversation INTEGER NOT NULL,
    hash INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (conversation, hash, seq)
) WITHOUT ROWID;
