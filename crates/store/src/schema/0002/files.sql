-- Files of conversations. The bytes are in the directory `files`, under `id`.
CREATE TABLE file (
    id BLOB PRIMARY KEY NOT NULL,
    conversation INTEGER NOT NULL,
    -- Of the conversation, whoever uploaded.
    visitor INTEGER NOT NULL,
    uploader_kind INTEGER NOT NULL,
    uploader INTEGER,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    width INTEGER,
    height INTEGER,
    created_at INTEGER NOT NULL,
    -- Number of the message that has it; NULL until it is sent.
    attached_seq INTEGER
);
CREATE INDEX file_conversation ON file (conversation, id);
CREATE INDEX file_visitor ON file (visitor, id);
CREATE INDEX file_loose ON file (created_at) WHERE attached_seq IS NULL;
-- Files whose bytes have to go.
CREATE TABLE file_gone (id BLOB PRIMARY KEY NOT NULL) WITHOUT ROWID;
CREATE TRIGGER file_gone AFTER DELETE ON file BEGIN
    INSERT OR IGNORE INTO file_gone (id) VALUES (old.id);
END;
