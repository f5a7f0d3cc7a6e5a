-- The identity backend's first schema. Ids are UUIDs as text, made by the application; times are milliseconds since the
-- UNIX epoch; JSON is text that the application checked. Synced tables (users, identity, connection) change only together
-- with their row in `feed`.

PRAGMA application_id = 0x59414f50;

CREATE TABLE pool (
    id         TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- The row whose update puts the transactions of a pool in order.
CREATE TABLE pool_head (
    pool    TEXT NOT NULL PRIMARY KEY REFERENCES pool (id),
    feed_id TEXT NOT NULL,
    rev     INTEGER NOT NULL CHECK (rev >= 0),
    horizon INTEGER NOT NULL CHECK (horizon >= 0)
) STRICT;

-- The latest revision of every entity, deleted ones included.
CREATE TABLE feed (
    pool    TEXT NOT NULL REFERENCES pool (id),
    etype   TEXT NOT NULL CHECK (etype IN ('user', 'identity', 'connection')),
    eid     TEXT NOT NULL,
    rev     INTEGER NOT NULL,
    deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
    PRIMARY KEY (pool, etype, eid),
    UNIQUE (pool, rev)
) STRICT;

-- A random number for every head that was ever visible: it tells this history from another one.
CREATE TABLE rev_mark (
    pool TEXT NOT NULL REFERENCES pool (id),
    rev  INTEGER NOT NULL,
    mark INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    PRIMARY KEY (pool, rev)
) STRICT;

-- Who last changed a field group, and when; also of groups that were removed.
CREATE TABLE field_rev (
    pool   TEXT NOT NULL REFERENCES pool (id),
    etype  TEXT NOT NULL,
    eid    TEXT NOT NULL,
    fgroup TEXT NOT NULL,
    rev    INTEGER NOT NULL,
    actor  TEXT,
    at     INTEGER NOT NULL,
    PRIMARY KEY (pool, etype, eid, fgroup)
) STRICT;

CREATE TABLE client (
    pool      TEXT NOT NULL REFERENCES pool (id),
    client_id TEXT NOT NULL,
    last_seq  INTEGER NOT NULL CHECK (last_seq >= 0),
    PRIMARY KEY (pool, client_id)
) STRICT;

CREATE TABLE mut_result (
    pool        TEXT NOT NULL,
    client_id   TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    mutation_id TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (pool, client_id, seq),
    FOREIGN KEY (pool, client_id) REFERENCES client (pool, client_id)
) STRICT;

CREATE TABLE platform_account (
    id         TEXT NOT NULL PRIMARY KEY,
    pool       TEXT NOT NULL REFERENCES pool (id),
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (pool, name),
    UNIQUE (pool, id)
) STRICT;

CREATE TABLE application (
    id            TEXT NOT NULL PRIMARY KEY,
    pool          TEXT NOT NULL REFERENCES pool (id),
    name          TEXT NOT NULL,
    redirect_urls TEXT NOT NULL,
    connections   TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    UNIQUE (pool, name)
) STRICT;

-- Connections may share a file, but one name has one content in the whole backend.
CREATE TABLE verification_file (
    name    TEXT NOT NULL PRIMARY KEY,
    content BLOB NOT NULL
) STRICT;

CREATE TABLE connection (
    id                 TEXT NOT NULL PRIMARY KEY,
    pool               TEXT NOT NULL REFERENCES pool (id),
    kind               TEXT NOT NULL,
    identifier         TEXT NOT NULL,
    display_name       TEXT NOT NULL,
    app_id             TEXT NOT NULL,
    secret             BLOB NOT NULL,
    secret_key_id      TEXT NOT NULL,
    secret_fingerprint TEXT NOT NULL,
    secret_set_at      INTEGER NOT NULL,
    callback_url       TEXT,
    verification_file  TEXT REFERENCES verification_file (name),
    login_only         INTEGER NOT NULL CHECK (login_only IN (0, 1)),
    enabled            INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    platform_account   TEXT NOT NULL,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    UNIQUE (pool, identifier),
    FOREIGN KEY (pool, platform_account) REFERENCES platform_account (pool, id)
) STRICT;

CREATE INDEX connection_by_verification_file ON connection (verification_file);

CREATE TABLE users (
    id                TEXT NOT NULL PRIMARY KEY,
    pool              TEXT NOT NULL REFERENCES pool (id),
    status            TEXT NOT NULL CHECK (status IN ('active', 'blocked')),
    nickname          TEXT,
    nickname_source   TEXT,
    avatar_url        TEXT,
    avatar_url_source TEXT,
    name              TEXT,
    name_source       TEXT,
    phone             TEXT,
    phone_source      TEXT,
    email             TEXT,
    email_source      TEXT,
    username          TEXT,
    username_source   TEXT,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    UNIQUE (pool, id),
    CHECK ((nickname IS NULL) = (nickname_source IS NULL)),
    CHECK ((avatar_url IS NULL) = (avatar_url_source IS NULL)),
    CHECK ((name IS NULL) = (name_source IS NULL)),
    CHECK ((phone IS NULL) = (phone_source IS NULL)),
    CHECK ((email IS NULL) = (email_source IS NULL)),
    CHECK ((username IS NULL) = (username_source IS NULL))
) STRICT;

-- Revision, actor and time of a key are in field_rev, group 'metadata.<key>'.
CREATE TABLE user_metadata (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key     TEXT NOT NULL,
    value   TEXT NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT;

-- scope_kind 'app': scope is the AppID and subject the OpenID.
-- scope_kind 'platform': scope is the platform account and subject the UnionID.
CREATE TABLE identity (
    id            TEXT NOT NULL PRIMARY KEY,
    pool          TEXT NOT NULL REFERENCES pool (id),
    user_id       TEXT NOT NULL,
    scope_kind    TEXT NOT NULL CHECK (scope_kind IN ('app', 'platform')),
    scope         TEXT NOT NULL,
    subject       TEXT NOT NULL,
    connection_id TEXT REFERENCES connection (id) ON DELETE SET NULL,
    kind          TEXT,
    union_id      TEXT,
    first_seen    INTEGER NOT NULL,
    last_seen     INTEGER NOT NULL,
    UNIQUE (pool, scope_kind, scope, subject),
    FOREIGN KEY (pool, user_id) REFERENCES users (pool, id),
    CHECK ((scope_kind = 'app') = (kind IS NOT NULL)),
    CHECK (scope_kind = 'app' OR (connection_id IS NULL AND union_id IS NULL))
) STRICT;

CREATE INDEX identity_by_user ON identity (user_id);
CREATE INDEX identity_by_connection ON identity (connection_id);

-- People whom login-only mode refused, so that support can bind them.
CREATE TABLE refused_person (
    pool          TEXT NOT NULL REFERENCES pool (id),
    app_id        TEXT NOT NULL,
    open_id       TEXT NOT NULL,
    connection_id TEXT REFERENCES connection (id) ON DELETE SET NULL,
    union_id      TEXT,
    nickname      TEXT,
    avatar_url    TEXT,
    first_seen    INTEGER NOT NULL,
    last_seen     INTEGER NOT NULL,
    times         INTEGER NOT NULL,
    PRIMARY KEY (pool, app_id, open_id)
) STRICT;

CREATE INDEX refused_person_by_connection ON refused_person (connection_id);

-- History outlives its connection, so connection_id is no foreign key. `nonce` is the SHA-256 (hex) of the state or scene
-- by which WeChat's answer finds its attempt.
CREATE TABLE login_attempt (
    id            TEXT NOT NULL PRIMARY KEY,
    pool          TEXT NOT NULL REFERENCES pool (id),
    connection_id TEXT NOT NULL,
    kind          TEXT NOT NULL,
    purpose       TEXT NOT NULL,
    dry_run       INTEGER NOT NULL CHECK (dry_run IN (0, 1)),
    state         TEXT NOT NULL,
    nonce         TEXT UNIQUE,
    legs          TEXT NOT NULL,
    verdict       TEXT,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    finished_at   INTEGER
) STRICT;

CREATE INDEX login_attempt_by_age ON login_attempt (pool, created_at, id);

-- A code is claimed here before it is exchanged, so that it is exchanged once.
CREATE TABLE exchanged_code (
    pool      TEXT NOT NULL REFERENCES pool (id),
    app_id    TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    attempt   TEXT NOT NULL REFERENCES login_attempt (id),
    at        INTEGER NOT NULL,
    PRIMARY KEY (pool, app_id, code_hash)
) STRICT;

CREATE TABLE operator (
    id         TEXT NOT NULL PRIMARY KEY,
    pool       TEXT NOT NULL REFERENCES pool (id),
    name       TEXT NOT NULL,
    email      TEXT NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('viewer', 'support', 'admin')),
    created_at INTEGER NOT NULL,
    UNIQUE (pool, email)
) STRICT;

-- `key_hash` is the SHA-256 (hex) of the key; one key may have a role in several pools.
CREATE TABLE access_key (
    id         TEXT NOT NULL PRIMARY KEY,
    pool       TEXT NOT NULL REFERENCES pool (id),
    name       TEXT NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('viewer', 'support', 'admin')),
    key_hash   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (pool, name),
    UNIQUE (key_hash, pool)
) STRICT;

-- Every change an operator makes, with the old and the new value; secrets as fingerprints.
CREATE TABLE audit (
    id     TEXT NOT NULL PRIMARY KEY,
    pool   TEXT NOT NULL REFERENCES pool (id),
    actor  TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    old    TEXT,
    new    TEXT,
    at     INTEGER NOT NULL
) STRICT;

CREATE INDEX audit_by_age ON audit (pool, at, id);
