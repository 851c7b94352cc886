-- What happened to records, which have no log, in the order of its commits; it stands in the records what it was.
CREATE TABLE happened (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    -- 0 a ticket was made, 1 changed, 2 commented on; 3 a visitor said who it is.
    kind INTEGER NOT NULL,
    -- Number of the ticket, key of the visitor.
    target INTEGER NOT NULL,
    -- Of a change, the keys of its lines in `ticket_history`, the first included, the last too; of a comment, its key.
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    -- As in the log.
    actor_kind INTEGER NOT NULL,
    actor INTEGER,
    at INTEGER NOT NULL
);
CREATE INDEX happened_target ON happened (target, kind);

-- Who hears of events: of all that is behind `pos` in the log and behind `number` in `happened`, and of its deliveries
-- that wait.
CREATE TABLE event_group (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    pos INTEGER NOT NULL,
    number INTEGER NOT NULL,
    -- Up to here it was asked for again, and is told however old it is.
    asked_pos INTEGER NOT NULL,
    asked_number INTEGER NOT NULL,
    -- Events that were too old to be told when their turn came.
    skipped INTEGER NOT NULL,
    -- Since when nothing that was told was taken.
    failing_since INTEGER,
    -- When it was given up; nothing is told from then on.
    stopped_at INTEGER
);

-- Events that were told, or are to be, as far as that is not said by the group's place. It names the event; what that
-- says is read where it stands. `attempts` is what was answered, as JSON.
CREATE TABLE event_delivery (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    "group" INTEGER NOT NULL,
    event BLOB NOT NULL,
    topic TEXT NOT NULL,
    key TEXT NOT NULL,
    -- 0 `pos` is one of the log, 1 a number of `happened`.
    source INTEGER NOT NULL,
    pos INTEGER NOT NULL,
    -- 0 waiting, 1 done, 2 dead.
    state INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    attempts TEXT NOT NULL,
    next_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX event_delivery_waiting ON event_delivery ("group", key, number) WHERE state = 0;
CREATE INDEX event_delivery_listed ON event_delivery ("group", state, number);
CREATE INDEX event_delivery_place ON event_delivery (source, pos);
CREATE INDEX event_delivery_age ON event_delivery (updated_at) WHERE state <> 0;

-- Departments that asked for events. `sealed` is what its requests are signed with; `settings` is JSON.
CREATE TABLE event_subscription (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    sealed BLOB NOT NULL,
    is_enabled INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
