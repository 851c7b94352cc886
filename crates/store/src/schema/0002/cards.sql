-- Cards of the details column: each is a query of the data layer and how its answer is shown.
CREATE TABLE card (
    id BLOB NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL,
    -- By language.
    titles TEXT NOT NULL,
    -- Public ids of the inboxes that it is for, as a JSON list; all when it is empty.
    inboxes TEXT NOT NULL,
    query TEXT NOT NULL,
    -- Where each variable's value comes from, by its name.
    variables TEXT NOT NULL,
    view TEXT NOT NULL,
    is_enabled INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) WITHOUT ROWID;
