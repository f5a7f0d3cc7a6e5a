-- What people log in by without WeChat: names, passwords, one-time codes.

-- By what a user may log in. Only phones and addresses that their owner has proven, and user names, are here; the columns
-- of `users` are what people see. `value` is the form in which names are compared.
CREATE TABLE login_name (
    pool    TEXT NOT NULL REFERENCES pool (id),
    kind    TEXT NOT NULL CHECK (kind IN ('phone', 'email', 'username')),
    value   TEXT NOT NULL,
    user_id TEXT NOT NULL,
    since   INTEGER NOT NULL,
    PRIMARY KEY (pool, kind, value),
    UNIQUE (pool, user_id, kind),
    FOREIGN KEY (pool, user_id) REFERENCES users (pool, id) ON DELETE CASCADE
) STRICT;

-- `hash` is an Argon2id hash in PHC form.
CREATE TABLE user_password (
    pool    TEXT NOT NULL REFERENCES pool (id),
    user_id TEXT NOT NULL PRIMARY KEY,
    hash    TEXT NOT NULL,
    set_at  INTEGER NOT NULL,
    FOREIGN KEY (pool, user_id) REFERENCES users (pool, id) ON DELETE CASCADE
) STRICT;

-- What people say about themselves beyond their profile: gender, birthdate, …
CREATE TABLE user_detail (
    pool    TEXT NOT NULL REFERENCES pool (id),
    user_id TEXT NOT NULL,
    name    TEXT NOT NULL,
    value   TEXT NOT NULL,
    PRIMARY KEY (user_id, name),
    FOREIGN KEY (pool, user_id) REFERENCES users (pool, id) ON DELETE CASCADE
) STRICT;

-- One-time codes, as keyed hashes. `token_hash` is the SHA-256 (hex) of what a proven code was exchanged for.
CREATE TABLE verification (
    id         TEXT NOT NULL PRIMARY KEY,
    pool       TEXT NOT NULL REFERENCES pool (id),
    kind       TEXT NOT NULL CHECK (kind IN ('phone', 'email')),
    target     TEXT NOT NULL,
    purpose    TEXT NOT NULL,
    code_hash  TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('open', 'proven', 'used')),
    tries      INTEGER NOT NULL,
    token_hash TEXT UNIQUE,
    made_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX verification_by_target ON verification (pool, kind, target);
CREATE INDEX verification_by_expiry ON verification (expires_at);

-- How often something was done lately, so that limits hold on every instance.
CREATE TABLE pace (
    pool    TEXT NOT NULL REFERENCES pool (id),
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    times   INTEGER NOT NULL,
    since   INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (pool, action, subject)
) STRICT;

CREATE INDEX pace_by_age ON pace (last_at);

-- Imports may hold a phone twice, so these are not unique.
CREATE INDEX users_by_phone ON users (pool, phone);
CREATE INDEX users_by_email ON users (pool, email);
CREATE INDEX users_by_username ON users (pool, username);
