-- The mirror, made for a million users: one narrow row a user with all that a list shows and sorts by, one row with the
-- rest, small integers for whatever repeats. It is loaded again; edits, conflicts and refusals stay.
-- Ids of the mirror are 16 bytes, times are milliseconds since the UNIX epoch.
DROP TABLE metadata;
DROP TABLE identities;
DROP TABLE connections;
DROP TABLE users;
UPDATE replica SET generation = generation + 1, cursor = NULL, sweeping = 0, loaded = 0;

-- A first load drops the indexes that lists are read off and makes them after the rows (build.rs), several times faster.
CREATE TABLE people (
    row        INTEGER NOT NULL PRIMARY KEY, -- the search index knows a user by this
    id         BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    rev        INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    status     INTEGER NOT NULL CHECK (status IN (0, 1)), -- 1: blocked
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_seen  INTEGER,
    name       TEXT, -- as it looks here, own edits included
    name_order TEXT, -- by this names are sorted
    phone      TEXT,
    wechat_id  TEXT, -- the UnionID, or else an OpenID
    bindings   BLOB,    -- a byte a binding: kind, and whether the UnionID is known
    avatar_url TEXT
) STRICT;

CREATE INDEX people_by_created ON people (created_at);
CREATE INDEX people_by_last_seen ON people (last_seen);
CREATE INDEX people_by_name ON people (name_order);
CREATE INDEX people_by_phone ON people (phone);
CREATE INDEX people_by_wechat_id ON people (wechat_id);
CREATE INDEX people_by_status ON people (status);
CREATE INDEX people_by_updated ON people (updated_at);

CREATE TABLE user_state (
    row      INTEGER NOT NULL PRIMARY KEY, -- of people
    profile  TEXT    NOT NULL,
    metadata TEXT    NOT NULL -- {key: [value, revision, actor, at]}
) STRICT;

-- By what identities came: few, however many identities there are.
CREATE TABLE origins (
    row              INTEGER NOT NULL PRIMARY KEY,
    kind             INTEGER, -- absent: a UnionID of a platform account
    connection_id    BLOB,
    app_id           TEXT,
    platform_account TEXT
) STRICT;

-- No reference to people: a binding may arrive pages before its user, whose revision can be higher.
CREATE TABLE identities (
    row        INTEGER NOT NULL PRIMARY KEY,
    id         BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    rev        INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    user_id    BLOB    NOT NULL,
    origin     INTEGER NOT NULL,
    open_id    TEXT,
    union_id   TEXT,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL
) STRICT;

CREATE INDEX identities_of_user ON identities (user_id);

CREATE TABLE connections (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    rev          INTEGER NOT NULL,
    generation   INTEGER NOT NULL,
    display_name TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE verification_files (
    name           TEXT    NOT NULL PRIMARY KEY,
    rev            INTEGER NOT NULL,
    generation     INTEGER NOT NULL,
    content_base64 TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE refused_people (
    row           INTEGER NOT NULL PRIMARY KEY,
    app_id        TEXT    NOT NULL,
    open_id       TEXT    NOT NULL,
    rev           INTEGER NOT NULL,
    generation    INTEGER NOT NULL,
    connection_id BLOB,
    union_id      TEXT,
    nickname      TEXT,
    avatar_url    TEXT,
    refusal       TEXT    NOT NULL,
    first_seen    INTEGER NOT NULL,
    last_seen     INTEGER NOT NULL,
    times         INTEGER NOT NULL,
    found_by      TEXT    NOT NULL, -- folded, one item a line
    UNIQUE (app_id, open_id)
) STRICT;
CREATE INDEX refused_people_by_last_seen ON refused_people (last_seen);

-- The search index. A token is found in rows; the rows of one token are kept in chunks of 65,536. `key` is
-- chunk << 48 | token, `rows` the low 16 bits of the rows: sorted two-byte numbers, or a bitmap of 8 KiB.
CREATE TABLE postings (
    key  INTEGER NOT NULL PRIMARY KEY,
    rows BLOB    NOT NULL
) STRICT;

-- Texts that many people share, so that the index knows them by number: metadata keys, e-mail domains, origins.
CREATE TABLE terms (
    number INTEGER NOT NULL PRIMARY KEY,
    kind   INTEGER NOT NULL,
    text   TEXT    NOT NULL,
    UNIQUE (kind, text)
) STRICT;

-- Rows that changed since the index was written, with the tokens it still has of them. They are looked at one by one.
CREATE TABLE unindexed (
    row    INTEGER NOT NULL PRIMARY KEY,
    tokens BLOB    NOT NULL
) STRICT;

-- One row: how far the search index is.
CREATE TABLE search (
    only_row   INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    ready      INTEGER NOT NULL CHECK (ready IN (0, 1)),
    derived    INTEGER NOT NULL, -- chunks of rows whose bindings are in the list, while indexes are built
    next_chunk INTEGER NOT NULL, -- chunks of rows that are in it, while it is built
    people     INTEGER NOT NULL, -- how many there are, once it is ready
    unindexed  INTEGER NOT NULL, -- how many rows of that name there are
    changes    INTEGER NOT NULL  -- grows with every change of a list
) STRICT;
-- Nobody is in it, so it is whole.
INSERT INTO search (only_row, ready, derived, next_chunk, people, unindexed, changes) VALUES (1, 1, 0, 0, 0, 0, 0);

CREATE TABLE saved_views (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    query      TEXT    NOT NULL CHECK (json_valid(query)),
    created_at INTEGER NOT NULL
) STRICT;
