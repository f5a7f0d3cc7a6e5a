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
