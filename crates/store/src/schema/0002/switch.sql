-- Inboxes that older systems feed, one by one: what is here counts from `switched_at` on; until then only what is brought
-- over changes it.
CREATE TABLE migrate_inbox (
    inbox INTEGER NOT NULL PRIMARY KEY REFERENCES inbox,
    switched_at INTEGER
);

-- Rows of a source that changed after their inbox was switched: nothing became of that.
CREATE TABLE migrate_late (
    source_table INTEGER NOT NULL,
    key BLOB NOT NULL,
    -- Of a conversation that is not here: what refers to it is late, too.
    id BLOB,
    PRIMARY KEY (source_table, key)
) WITHOUT ROWID;
CREATE INDEX migrate_late_id ON migrate_late (id) WHERE id IS NOT NULL;
