-- What was brought here from other systems. One row for each of them: what it said it is when it was first read.
CREATE TABLE migrate_source (
    name TEXT NOT NULL PRIMARY KEY,
    identity TEXT NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;

-- The tables that were mapped, and how far each has come. Written in the transaction of the rows that it counts.
CREATE TABLE migrate_table (
    key INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    -- Hash of its mapping: rows that another mapping made are not the same.
    mapping BLOB NOT NULL,
    -- How often it was begun, from 1 on, and how far it has come: 0 not begun, 1 under way, 2 done.
    pass INTEGER NOT NULL,
    state INTEGER NOT NULL,
    -- Where reading goes on, in the words of its source.
    position BLOB,
    -- Of the present pass: rows read, rows written, and values that were changed on the way, as a JSON object.
    rows INTEGER NOT NULL,
    written INTEGER NOT NULL,
    changed TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);

-- What became of each row of a source: exactly one thing.
CREATE TABLE migrate_map (
    source_table INTEGER NOT NULL,
    -- Its key there, encoded so that bytes sort as the keys do.
    key BLOB NOT NULL,
    -- 0 a dead letter, 1 left out by a filter, 2 agent, 3 visitor, 4 conversation, 5 message, 6 ticket, 7 canned reply,
    -- 8 article;
    -- negative: it was that until its row was deleted there.
    entity INTEGER NOT NULL,
    -- Row number of what it became.
    place INTEGER NOT NULL,
    -- Of what it was mapped to; empty when that is nothing.
    hash BLOB NOT NULL,
    PRIMARY KEY (source_table, key)
) WITHOUT ROWID;

-- Where changes of a source are followed from. Written in the transaction of the rows that were read up to there.
CREATE TABLE migrate_position (
    source TEXT NOT NULL PRIMARY KEY,
    -- In the words of the source.
    position TEXT NOT NULL,
    -- Tables that were begun before this were not read behind the position: they are read again.
    since INTEGER NOT NULL,
    -- 0 tables are being copied, 1 changes are followed, 2 what is here takes its place.
    state INTEGER NOT NULL,
    -- How long after it was written there the last change was here, in microseconds.
    lag INTEGER NOT NULL,
    -- Rows that were read again because they changed: all of them, and in the last second.
    changes INTEGER NOT NULL,
    rate INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) WITHOUT ROWID;
