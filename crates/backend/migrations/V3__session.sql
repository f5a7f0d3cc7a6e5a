-- What a login leaves behind: sessions, their tokens, and the keys that sign them. Of tokens, codes and secrets only the
-- SHA-256 (hex) is kept; they are long and random.

-- `token_hash` is the hash of an opaque session's token; a session of signed tokens has refresh tokens instead.
CREATE TABLE session (
    id          TEXT NOT NULL PRIMARY KEY,
    pool        TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    application TEXT,
    attempt     TEXT,
    scope       TEXT NOT NULL,
    nonce       TEXT,
    token_hash  TEXT UNIQUE,
    created_at  INTEGER NOT NULL,
    used_at     INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    FOREIGN KEY (pool, user_id) REFERENCES users (pool, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX session_by_user ON session (pool, user_id);
CREATE INDEX session_by_expiry ON session (expires_at);

-- One row a token; a used one names its successor by hash, and the salt from which token and salt it follows again.
CREATE TABLE refresh_token (
    token_hash TEXT NOT NULL PRIMARY KEY,
    session    TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER,
    salt       TEXT,
    successor  TEXT
) STRICT;

CREATE INDEX refresh_token_by_session ON refresh_token (session);

-- Keys of a pool. `purpose` is the key's JWA algorithm: ES256 and RS256 sign, RSA1_5 opens passwords that an SDK
-- encrypted. Of one purpose the last generation whose time has come is the one in use.
CREATE TABLE pool_key (
    id            TEXT NOT NULL PRIMARY KEY,
    pool          TEXT NOT NULL REFERENCES pool (id),
    purpose       TEXT NOT NULL CHECK (purpose IN ('ES256', 'RS256', 'RSA1_5')),
    generation    INTEGER NOT NULL,
    active_from   INTEGER NOT NULL,
    private_key   BLOB NOT NULL,
    secret_key_id TEXT NOT NULL,
    UNIQUE (pool, purpose, generation)
) STRICT;

-- Which algorithm signs the tokens of an application.
ALTER TABLE application ADD COLUMN token_algorithm TEXT NOT NULL DEFAULT 'ES256';

-- An application with secrets is a confidential client; two of them overlap while one replaces the other.
CREATE TABLE application_secret (
    application TEXT NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    secret_hash TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (application, secret_hash)
) STRICT;

-- A code that was used names its session, so that using it again ends it.
CREATE TABLE authorization_code (
    code_hash      TEXT NOT NULL PRIMARY KEY,
    pool           TEXT NOT NULL REFERENCES pool (id),
    application    TEXT NOT NULL,
    user_id        TEXT NOT NULL,
    attempt        TEXT,
    redirect_uri   TEXT NOT NULL,
    scope          TEXT NOT NULL,
    nonce          TEXT,
    code_challenge TEXT,
    expires_at     INTEGER NOT NULL,
    session        TEXT
) STRICT;

CREATE INDEX authorization_code_by_expiry ON authorization_code (expires_at);
