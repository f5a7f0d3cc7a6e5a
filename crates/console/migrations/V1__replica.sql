-- The console's local file: what the backend said (mirror), what was edited here (overlay, outbox), what a person has to
-- look at (conflicts, rejected), and where the sync stands (replica).
-- Ids are UUIDs as text, times are milliseconds since the UNIX epoch, JSON is text.

-- One row: whose replica this is and how far it got.
CREATE TABLE replica (
    only_row   INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    pool       TEXT    NOT NULL CHECK (pool <> ''),
    client_id  TEXT    NOT NULL CHECK (length(client_id) = 36),
    generation INTEGER NOT NULL CHECK (generation > 0), -- grows with every reset
    cursor     TEXT,                                    -- opaque; absent before the first page of a generation
    sweeping   INTEGER NOT NULL CHECK (sweeping IN (0, 1)), -- older generations still have to go
    loaded     INTEGER NOT NULL CHECK (loaded IN (0, 1)),
    server     TEXT    CHECK (server IS NULL OR json_valid(server)),
    last_sync  INTEGER
) STRICT;

-- Mirror. A row is replaced only by one of a higher (generation, rev).
CREATE TABLE users (
    id         TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    rev        INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    status     TEXT    NOT NULL CHECK (json_valid(status)),
    profile    TEXT    NOT NULL CHECK (json_valid(profile)),
    name       TEXT,
    avatar_url TEXT,
    phone      TEXT,
    search     TEXT    NOT NULL, -- lower case: everything a person is found by, one item a line
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX users_by_age ON users (created_at, id);
CREATE INDEX users_by_generation ON users (generation);

CREATE TABLE metadata (
    user_id TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key     TEXT    NOT NULL,
    value   TEXT    NOT NULL CHECK (json_valid(value)),
    rev     INTEGER NOT NULL,
    actor   TEXT,
    at      INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;

-- No foreign key to users: a binding may arrive pages before its user, whose revision can be higher.
CREATE TABLE identities (
    id               TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    rev              INTEGER NOT NULL,
    generation       INTEGER NOT NULL,
    user_id          TEXT    NOT NULL,
    scope            TEXT    NOT NULL CHECK (scope IN ('app', 'platform')),
    kind             TEXT,
    connection_id    TEXT,
    app_id           TEXT,
    open_id          TEXT,
    platform_account TEXT,
    union_id         TEXT,
    first_seen       INTEGER NOT NULL,
    last_seen        INTEGER NOT NULL,
    CHECK (CASE scope
        WHEN 'app' THEN kind IS NOT NULL AND app_id IS NOT NULL AND open_id IS NOT NULL
        ELSE platform_account IS NOT NULL AND union_id IS NOT NULL
    END)
) STRICT;
CREATE INDEX identities_of_user ON identities (user_id, first_seen);
CREATE INDEX identities_by_generation ON identities (generation);

CREATE TABLE connections (
    id           TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    rev          INTEGER NOT NULL,
    generation   INTEGER NOT NULL,
    display_name TEXT    NOT NULL
) STRICT;

-- Edits in their order. A number is never used twice for one client id, so AUTOINCREMENT. Decided edits stay a while as
-- an archive: a backend that lost them in a failover gets them again.
CREATE TABLE outbox (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    mutation_id TEXT    NOT NULL UNIQUE CHECK (length(mutation_id) = 36),
    user_id     TEXT    NOT NULL,
    field       TEXT    NOT NULL,
    base        TEXT    CHECK (base IS NULL OR json_valid(base)),
    new         TEXT    CHECK (new IS NULL OR json_valid(new)),
    state       TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'decided')),
    outcome     TEXT    CHECK (outcome IS NULL OR json_valid(outcome)),
    created_at  INTEGER NOT NULL,
    decided_at  INTEGER,
    CHECK ((state = 'decided') = (outcome IS NOT NULL)),
    CHECK ((state = 'decided') = (decided_at IS NOT NULL))
) STRICT;
CREATE INDEX outbox_undecided ON outbox (seq) WHERE state <> 'decided';
CREATE INDEX outbox_of_user ON outbox (user_id);
CREATE INDEX outbox_archive ON outbox (decided_at) WHERE state = 'decided';

-- What an edited field looks like here until a caught-up page includes edit `seq`; 0 waits for any such page.
CREATE TABLE overlay (
    user_id TEXT    NOT NULL,
    field   TEXT    NOT NULL,
    value   TEXT    CHECK (value IS NULL OR json_valid(value)), -- NULL: removed here
    seq     INTEGER NOT NULL CHECK (seq >= 0),
    PRIMARY KEY (user_id, field)
) STRICT, WITHOUT ROWID;

-- One open conflict a field. `id` is the mutation that lost first.
CREATE TABLE conflicts (
    id        TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    user_id   TEXT    NOT NULL,
    field     TEXT    NOT NULL,
    base      TEXT    CHECK (base IS NULL OR json_valid(base)),
    mine      TEXT    CHECK (mine IS NULL OR json_valid(mine)),
    theirs    TEXT    CHECK (theirs IS NULL OR json_valid(theirs)),
    actor     TEXT,
    at        INTEGER,
    opened_at INTEGER NOT NULL,
    UNIQUE (user_id, field)
) STRICT;

-- Edits the backend refused for good, the newest of a field.
CREATE TABLE rejected (
    id          TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 36),
    user_id     TEXT    NOT NULL,
    field       TEXT    NOT NULL,
    mine        TEXT    CHECK (mine IS NULL OR json_valid(mine)),
    rejection   TEXT    NOT NULL CHECK (json_valid(rejection)),
    rejected_at INTEGER NOT NULL,
    UNIQUE (user_id, field)
) STRICT;
