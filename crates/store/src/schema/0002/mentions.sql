-- Agents whom notes call, until they have looked: of each conversation the newest such note.
CREATE TABLE mention (
    agent INTEGER NOT NULL,
    conversation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (agent, conversation)
) WITHOUT ROWID;
