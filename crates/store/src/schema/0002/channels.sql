-- Chat services that are connected to inboxes, each described by a file. `sealed` has the operator's secrets and
-- settings.
CREATE TABLE channel (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    inbox INTEGER NOT NULL,
    name TEXT NOT NULL,
    yaml TEXT NOT NULL,
    is_enabled INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);

-- Descriptions of SOAP and Thrift that lie beside the file of a channel.
CREATE TABLE channel_file (
    channel INTEGER NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (channel, name)
);

-- Values that services gave for some time.
CREATE TABLE channel_token (
    channel INTEGER NOT NULL,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    renew_at INTEGER NOT NULL,
    PRIMARY KEY (channel, name)
) WITHOUT ROWID;

-- Messages that came, by a hash of what tells one that comes twice.
CREATE TABLE channel_seen (
    channel INTEGER NOT NULL,
    hash BLOB NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (channel, hash)
) WITHOUT ROWID;
CREATE INDEX channel_seen_until ON channel_seen (until);

-- How far lists that are fetched were read, and what the service told of a list that is still to be read.
CREATE TABLE channel_cursor (
    channel INTEGER NOT NULL,
    list TEXT NOT NULL,
    cursor TEXT,
    notice TEXT,
    PRIMARY KEY (channel, list)
) WITHOUT ROWID;

-- Who writes where at the service, and with whom that is here: `conversation` is the newest. `quota` is how many
-- messages may follow the customer's last one, `sent` how many did.
CREATE TABLE channel_thread (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    channel INTEGER NOT NULL,
    thread TEXT NOT NULL,
    sender TEXT NOT NULL,
    visitor INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    context TEXT NOT NULL,
    last_at INTEGER NOT NULL,
    reply_until INTEGER,
    quota INTEGER,
    sent INTEGER NOT NULL,
    UNIQUE (channel, thread, sender)
);
CREATE INDEX channel_thread_visitor ON channel_thread (visitor);
CREATE TABLE channel_conversation (
    conversation INTEGER PRIMARY KEY,
    thread INTEGER NOT NULL
);
CREATE INDEX channel_conversation_thread ON channel_conversation (thread);

-- Messages for services, in the order in which they were written; what they say stands in the log. `revisions` is how
-- often that was changed or taken back.
CREATE TABLE channel_outbox (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    channel INTEGER NOT NULL,
    thread INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    pos INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    -- Of a text that is sent in parts, how many the service has.
    parts INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    -- 0 waiting; 1 sent; 2 failed; 3 sent, and the service is to be told of a change; 4 sent, and it will not be told.
    state INTEGER NOT NULL,
    revisions INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    -- The service's names for its parts, as JSON.
    external_ids TEXT NOT NULL,
    error TEXT,
    created_at INTEGER NOT NULL,
    done_at INTEGER
);
CREATE INDEX channel_outbox_waiting ON channel_outbox (channel, thread, key) WHERE state IN (0, 3);
CREATE INDEX channel_outbox_thread ON channel_outbox (thread);
CREATE INDEX channel_outbox_conversation ON channel_outbox (conversation, seq);
CREATE INDEX channel_outbox_failed ON channel_outbox (channel, done_at) WHERE state = 2;
CREATE INDEX channel_outbox_done ON channel_outbox (done_at) WHERE state NOT IN (0, 3);

-- Messages whose files are still to be fetched.
CREATE TABLE channel_media (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    channel INTEGER NOT NULL,
    thread INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    client_id BLOB NOT NULL,
    message TEXT NOT NULL,
    tries INTEGER NOT NULL,
    next_at INTEGER NOT NULL
);
CREATE INDEX channel_media_due ON channel_media (channel, next_at);
CREATE INDEX channel_media_thread ON channel_media (thread);

-- What came and could not be read. `request` is what can be read again, if it can, sealed.
CREATE TABLE channel_refused (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    channel INTEGER NOT NULL,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    request BLOB
);
CREATE INDEX channel_refused_channel ON channel_refused (channel, number);
CREATE INDEX channel_refused_at ON channel_refused (at);
