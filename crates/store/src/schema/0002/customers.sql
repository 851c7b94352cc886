-- Customers that somebody changed, merged or proved something of. A visitor without a row in `identity` is a
-- customer of its own, with the visitor's id. `merged_into` leads to the customer that it is now part of.
CREATE TABLE customer (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    note TEXT NOT NULL,
    attributes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    merged_into INTEGER
);
CREATE INDEX customer_name ON customer (name COLLATE NOCASE) WHERE name <> '';
CREATE INDEX customer_email ON customer (email COLLATE NOCASE) WHERE email <> '';
CREATE INDEX customer_phone ON customer (phone COLLATE NOCASE) WHERE phone <> '';

-- Who a customer is. A visitor's row has no value of its own.
CREATE TABLE identity (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    customer INTEGER NOT NULL,
    -- 0 visitor, 1 OpenID and 2 UnionID of WeChat, 3 phone, 4 e-mail.
    kind INTEGER NOT NULL,
    -- Where the value is unique: the app of an OpenID, the platform account of a UnionID.
    scope TEXT NOT NULL,
    value TEXT NOT NULL,
    verified INTEGER NOT NULL,
    visitor INTEGER,
    created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX identity_verified ON identity (kind, scope, value) WHERE verified = 1 AND visitor IS NULL;
CREATE UNIQUE INDEX identity_visitor ON identity (visitor) WHERE visitor IS NOT NULL;
CREATE INDEX identity_customer ON identity (customer);
CREATE INDEX identity_value ON identity (value COLLATE NOCASE) WHERE value <> '';

-- Every merge: one row for each customer that was merged; those of one request share the id.
CREATE TABLE customer_merge (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    at INTEGER NOT NULL,
    made_by BLOB NOT NULL,
    source INTEGER NOT NULL,
    target INTEGER NOT NULL,
    -- Keys of the identities that moved, as a JSON list.
    moved TEXT NOT NULL,
    undone_at INTEGER
);
CREATE INDEX customer_merge_id ON customer_merge (id);
CREATE INDEX customer_merge_target ON customer_merge (target);

-- Nameless visitors, nearly all, cost these indexes nothing.
CREATE INDEX visitor_name ON visitor (name COLLATE NOCASE) WHERE name <> '';
CREATE INDEX visitor_email ON visitor (email COLLATE NOCASE) WHERE email <> '';
CREATE INDEX visitor_external ON visitor (external_id COLLATE NOCASE) WHERE external_id IS NOT NULL;

-- The last pages that a visitor looked at, numbered from 1 on.
CREATE TABLE page_visit (
    visitor INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    url TEXT NOT NULL,
    title TEXT NOT NULL,
    referrer TEXT NOT NULL,
    PRIMARY KEY (visitor, number)
) WITHOUT ROWID;

-- Who may not come in. Kinds: 0 visitor, 1 customer (targets are ids), 2 range of addresses.
CREATE TABLE block (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    kind INTEGER NOT NULL,
    target TEXT NOT NULL,
    reason TEXT NOT NULL,
    made_by BLOB NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER,
    UNIQUE (kind, target)
);
