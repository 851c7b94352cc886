-- Which entries of the log do not say any more what they said, in the order of the changes: whoever changes one notes
-- it here in the same transaction, so that the search index can follow whatever happens.
CREATE TABLE revised (
    number INTEGER PRIMARY KEY,
    pos INTEGER NOT NULL
);
CREATE TRIGGER log_revised AFTER UPDATE OF text, revision ON log
    BEGIN INSERT INTO revised (pos) VALUES (new.pos); END;
