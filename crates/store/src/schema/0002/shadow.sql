-- What a rehearsal would have sent out, oldest first; of the oldest only so many are kept.
CREATE TABLE shadow_call (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    summary TEXT NOT NULL
);
