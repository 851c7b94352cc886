-- The knowledge base. `names` is a JSON object by language.
CREATE TABLE category (
    id BLOB NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL,
    names TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE article (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    -- Its name in addresses.
    slug TEXT NOT NULL UNIQUE,
    category BLOB,
    -- Public ids of the inboxes that it is for, as a JSON list of hexadecimal digits; all when it is empty.
    inboxes TEXT NOT NULL,
    -- 0 draft, 1 published, 2 archived.
    state INTEGER NOT NULL,
    uses INTEGER NOT NULL DEFAULT 0,
    -- Stands before the others where nothing is searched for.
    pinned INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- Rises with each change of a field, not with texts.
    version INTEGER NOT NULL
);
CREATE INDEX article_recent ON article (updated_at);
CREATE INDEX article_category ON article (category) WHERE category IS NOT NULL;
CREATE INDEX article_top ON article (pinned, uses, updated_at) WHERE state = 1;

-- What articles say: every version that was saved, the last one marked.
CREATE TABLE article_text (
    key INTEGER PRIMARY KEY,
    article INTEGER NOT NULL,
    -- 0 Chinese, 1 English.
    language INTEGER NOT NULL,
    -- 1, 2, 3 … of this article and language.
    version INTEGER NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    author BLOB,
    created_at INTEGER NOT NULL,
    is_current INTEGER NOT NULL,
    UNIQUE (article, language, version)
);
CREATE UNIQUE INDEX article_text_current ON article_text (article, language) WHERE is_current = 1;

-- Terms of the current texts, by the key of each.
CREATE VIRTUAL TABLE article_search USING fts5 (
    title, body, content = '', contentless_delete = 1, tokenize = 'ascii'
);

-- Whether an article helped: one vote of each visitor.
CREATE TABLE article_vote (
    article INTEGER NOT NULL,
    visitor INTEGER NOT NULL,
    helped INTEGER NOT NULL,
    PRIMARY KEY (article, visitor)
) WITHOUT ROWID;
CREATE INDEX article_vote_visitor ON article_vote (visitor);
