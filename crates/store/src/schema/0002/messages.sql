-- What messages hold besides their text, as JSON; which entry they quote; and what became of them:
-- 0 nothing, 1 edited, 2 recalled, 3 erased.
ALTER TABLE log ADD COLUMN data TEXT;
ALTER TABLE log ADD COLUMN quote_seq INTEGER;
ALTER TABLE log ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
