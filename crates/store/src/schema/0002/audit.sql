-- Who did what; never changed. `text` is the line as JSON, `hash` covers it and the hash before it;
-- the other columns repeat parts of it, to search by.
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor BLOB,
    action TEXT NOT NULL,
    target BLOB,
    text TEXT NOT NULL,
    hash BLOB NOT NULL
);
CREATE INDEX audit_actor ON audit (actor) WHERE actor IS NOT NULL;
CREATE INDEX audit_target ON audit (target) WHERE target IS NOT NULL;
