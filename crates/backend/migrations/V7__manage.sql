-- Who administers a pool. A key belongs to an operator, or to a program; a key that the bootstrap file names follows the
-- file, one that was made over the API does not.

ALTER TABLE access_key ADD COLUMN operator TEXT;
ALTER TABLE access_key ADD COLUMN from_file INTEGER NOT NULL DEFAULT 1;
ALTER TABLE access_key ADD COLUMN last_used INTEGER;
ALTER TABLE access_key ADD COLUMN expires_at INTEGER;

CREATE INDEX access_key_by_operator ON access_key (pool, operator);

-- The audit log is read by what was touched and by who touched it.
CREATE INDEX audit_by_target ON audit (pool, target, at, id);
CREATE INDEX audit_by_actor ON audit (pool, actor, at, id);
