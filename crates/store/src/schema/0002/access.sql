-- What the company's own roles may do, as a JSON list of words; and which agent has one.
CREATE TABLE role (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    permissions TEXT NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
ALTER TABLE agent ADD COLUMN custom_role BLOB;

-- Keys of programs, which act as their owner. Scopes and address ranges are JSON lists.
CREATE TABLE api_key (
    token_hash BLOB NOT NULL PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    owner INTEGER NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    networks TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER
) WITHOUT ROWID;

-- Second factors: a sealed secret, and the last step whose code was taken.
CREATE TABLE totp (
    agent INTEGER PRIMARY KEY,
    sealed BLOB NOT NULL,
    is_confirmed INTEGER NOT NULL,
    last_step INTEGER NOT NULL
);
CREATE TABLE recovery_code (
    agent INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (agent, hash)
) WITHOUT ROWID;
