-- The CloudBase facade. What it hands to a client is kept as a SHA-256 (hex): it is long and random.

-- A WeChat person who was identified and not yet logged in or bound. `person` is JSON.
CREATE TABLE provider_token (
    token_hash    TEXT NOT NULL PRIMARY KEY,
    pool          TEXT NOT NULL REFERENCES pool (id),
    connection_id TEXT NOT NULL,
    application   TEXT,
    attempt       TEXT NOT NULL,
    person        TEXT NOT NULL,
    snapshot_user INTEGER NOT NULL CHECK (snapshot_user IN (0, 1)),
    phone         TEXT,
    expires_at    INTEGER NOT NULL,
    used_at       INTEGER
) STRICT;

CREATE INDEX provider_token_by_expiry ON provider_token (expires_at);

-- Where a browser goes once WeChat has sent it back to us; found by the `state` that WeChat returns.
CREATE TABLE provider_redirect (
    state_hash   TEXT NOT NULL PRIMARY KEY,
    pool         TEXT NOT NULL REFERENCES pool (id),
    redirect_uri TEXT NOT NULL,
    state        TEXT NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX provider_redirect_by_expiry ON provider_redirect (expires_at);
