-- What messages hold besides their text, as JSON; which entry they quote; and what became of them:
-- 0 nothing, 1 edited, 2 recalled, 3 erased.
ALTER TABLE log ADD COLUMN data TEXT;
ALTER TABLE log ADD COLUMN quote_seq INTEGER;
ALTER TABLE log ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;

-- What entries said before they were edited or recalled, in the order of the changes.
CREATE TABLE revision (
    key INTEGER PRIMARY KEY,
    pos INTEGER NOT NULL,
    at INTEGER NOT NULL,
    text TEXT NOT NULL,
    data TEXT
);
CREATE INDEX revision_pos ON revision (pos);
