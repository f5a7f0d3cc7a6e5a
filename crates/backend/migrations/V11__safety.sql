-- A browser that we send to WeChat is known again when it comes back; those on their way begin again.

DELETE FROM provider_redirect;

ALTER TABLE provider_redirect ADD COLUMN connection_id TEXT;

-- SHA-256 (hex) of the mark of the browser that was sent away; until then `state_hash` is that of the word in its link.
ALTER TABLE provider_redirect ADD COLUMN browser TEXT;

-- SHA-256 (hex) of the code that WeChat gave: a state brings one.
ALTER TABLE provider_redirect ADD COLUMN code_hash TEXT;

-- SHA-256 (hex) of data that WeChat sealed and that has proven a phone number.
CREATE TABLE used_open_data (
    pool   TEXT NOT NULL REFERENCES pool (id),
    digest TEXT NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (pool, digest)
) STRICT;

CREATE INDEX used_open_data_by_age ON used_open_data (at);
