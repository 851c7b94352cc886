-- Departments. `settings` is JSON, and so is `versions`: how often it was changed, and with which change each field.
CREATE TABLE team (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL,
    versions TEXT NOT NULL,
    created_at INTEGER NOT NULL
);

-- Keys of teams as a JSON list; levels by name of a skill as a JSON object.
ALTER TABLE agent ADD COLUMN teams TEXT NOT NULL DEFAULT '[]';
ALTER TABLE agent ADD COLUMN skills TEXT NOT NULL DEFAULT '{}';

-- Why an agent is busy or away, and since when it says what it says.
ALTER TABLE agent ADD COLUMN status_reason TEXT;
ALTER TABLE agent ADD COLUMN status_at INTEGER;

ALTER TABLE inbox ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE inbox ADD COLUMN versions TEXT NOT NULL DEFAULT '{"version":1}';

ALTER TABLE conversation ADD COLUMN last_assignee INTEGER;
ALTER TABLE conversation ADD COLUMN last_met_at INTEGER;
ALTER TABLE conversation ADD COLUMN team INTEGER;
-- 0 low, 1 normal, 2 high, 3 urgent.
ALTER TABLE conversation ADD COLUMN priority INTEGER NOT NULL DEFAULT 1;
ALTER TABLE conversation ADD COLUMN asked_at INTEGER;
ALTER TABLE conversation ADD COLUMN answered_at INTEGER;
-- Since when the visitor has no answer; until when it is set aside; whether an agent wants to come back to it.
ALTER TABLE conversation ADD COLUMN unanswered_at INTEGER;
ALTER TABLE conversation ADD COLUMN snoozed_until INTEGER;
ALTER TABLE conversation ADD COLUMN marked_unread INTEGER NOT NULL DEFAULT 0;
CREATE INDEX conversation_snoozed ON conversation (snoozed_until) WHERE snoozed_until IS NOT NULL;
