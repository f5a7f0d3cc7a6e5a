-- All kinds of connections: what only some of them have, attempts of people who never reached a connection, and what
-- WeChat says once and somebody needs later.

ALTER TABLE connection ADD COLUMN settings TEXT;

-- Secrets that only some kinds have, sealed like the AppSecret.
CREATE TABLE connection_secret (
    connection_id TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    field         TEXT NOT NULL CHECK (field IN ('push_token', 'encoding_aes_key')),
    secret        BLOB NOT NULL,
    key_id        TEXT NOT NULL,
    fingerprint   TEXT NOT NULL,
    set_at        INTEGER NOT NULL,
    PRIMARY KEY (connection_id, field)
) STRICT;

-- History outlives its connection, so connection_id is no foreign key; it is null if nobody knows which one was meant.
-- `nonce` is the SHA-256 (hex) of the state or scene by which WeChat's answer finds its attempt, `ticket` that of the word
-- by which the device that waits asks for it. `memo` is what a facade wants back with the answer.
CREATE TABLE attempt (
    id            TEXT NOT NULL PRIMARY KEY,
    pool          TEXT NOT NULL REFERENCES pool (id),
    connection_id TEXT,
    kind          TEXT,
    application   TEXT,
    purpose       TEXT NOT NULL,
    via           TEXT,
    dry_run       INTEGER NOT NULL CHECK (dry_run IN (0, 1)),
    state         TEXT NOT NULL,
    nonce         TEXT UNIQUE,
    ticket        TEXT UNIQUE,
    memo          TEXT,
    legs          TEXT NOT NULL,
    verdict       TEXT,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    finished_at   INTEGER
) STRICT;

INSERT INTO attempt (id, pool, connection_id, kind, purpose, dry_run, state, nonce, legs, verdict, created_at, expires_at,
    finished_at)
SELECT id, pool, connection_id, kind, purpose, dry_run, state, nonce, legs, verdict, created_at, expires_at, finished_at
FROM login_attempt;

-- A code lives for minutes: nobody misses the old claims.
DROP TABLE exchanged_code;
DROP TABLE login_attempt;

CREATE INDEX attempt_by_age ON attempt (pool, created_at, id);
CREATE INDEX attempt_by_end ON attempt (finished_at, expires_at);

-- A code is claimed here before it is exchanged, so that it is exchanged once; its attempt may be written later, together
-- with its end. `outcome` is whom WeChat named, or why it did not. `brought_by` is the client's address and the application;
-- null if a browser brought it back with a state, which names its attempt.
CREATE TABLE claimed_code (
    pool       TEXT NOT NULL REFERENCES pool (id),
    app_id     TEXT NOT NULL,
    code_hash  TEXT NOT NULL,
    attempt    TEXT NOT NULL,
    brought_by TEXT,
    outcome    TEXT,
    at         INTEGER NOT NULL,
    PRIMARY KEY (pool, app_id, code_hash)
) STRICT;

CREATE INDEX claimed_code_by_age ON claimed_code (at);

-- The session key of a person's last login to a mini program, sealed.
CREATE TABLE wechat_session (
    pool        TEXT NOT NULL REFERENCES pool (id),
    app_id      TEXT NOT NULL,
    open_id     TEXT NOT NULL,
    session_key BLOB NOT NULL,
    key_id      TEXT NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (pool, app_id, open_id)
) STRICT;

-- Phone numbers that WeChat gave for a person of an app.
CREATE TABLE wechat_phone (
    pool    TEXT NOT NULL REFERENCES pool (id),
    app_id  TEXT NOT NULL,
    open_id TEXT NOT NULL,
    phone   TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (pool, app_id, open_id, phone)
) STRICT;

-- Pushes that were taken: WeChat sends one again until it is answered.
CREATE TABLE taken_push (
    pool     TEXT NOT NULL REFERENCES pool (id),
    app_id   TEXT NOT NULL,
    delivery TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (pool, app_id, delivery)
) STRICT;

CREATE INDEX taken_push_by_age ON taken_push (at);

-- By which signature a push came: it says nothing about the body, so it is good for one push only.
CREATE TABLE push_signature (
    pool      TEXT NOT NULL REFERENCES pool (id),
    app_id    TEXT NOT NULL,
    signature TEXT NOT NULL,
    delivery  TEXT NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (pool, app_id, signature)
) STRICT;

CREATE INDEX push_signature_by_age ON push_signature (at);
