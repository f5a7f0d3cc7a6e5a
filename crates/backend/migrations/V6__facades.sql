-- What Authing's SDKs need remembered between two requests.

-- Pictures that people uploaded, by a hash of their bytes. One that nobody uses is forgotten after a day.
CREATE TABLE upload (
    name       TEXT NOT NULL PRIMARY KEY,
    media_type TEXT NOT NULL,
    bytes      BLOB NOT NULL,
    used       INTEGER NOT NULL CHECK (used IN (0, 1)),
    client     TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX upload_by_age ON upload (used, created_at);

-- A code that is drawn on one screen and confirmed on another. `ticket_hash` is the SHA-256 (hex) of what the first screen
-- exchanges for the person's tokens.
CREATE TABLE qr_login (
    id          TEXT NOT NULL PRIMARY KEY,
    pool        TEXT NOT NULL REFERENCES pool (id),
    application TEXT,
    scene       TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'scanned', 'confirmed', 'cancelled', 'exchanged')),
    user_id     TEXT,
    attempt     TEXT,
    ticket_hash TEXT UNIQUE,
    custom_data TEXT NOT NULL,
    media_type  TEXT NOT NULL,
    picture     BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX qr_login_by_expiry ON qr_login (expires_at);

-- Keys of Authing's management SDKs. A signature is checked with the secret itself, so it is sealed, not hashed.
CREATE TABLE authing_key (
    id            TEXT NOT NULL PRIMARY KEY,
    pool          TEXT NOT NULL REFERENCES pool (id),
    name          TEXT NOT NULL,
    role          TEXT NOT NULL CHECK (role IN ('viewer', 'support', 'admin')),
    secret        BLOB NOT NULL,
    secret_key_id TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    UNIQUE (pool, name)
) STRICT;

-- Signatures that were used, for as long as their date would let them in again.
CREATE TABLE authing_nonce (
    key_id TEXT NOT NULL,
    nonce  TEXT NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (key_id, nonce)
) STRICT;

CREATE INDEX authing_nonce_by_age ON authing_nonce (at);
