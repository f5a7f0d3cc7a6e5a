-- Who was refused and why, and merges that can be undone.

ALTER TABLE refused_person ADD COLUMN refusal TEXT NOT NULL DEFAULT 'login_only';

CREATE INDEX refused_person_by_age ON refused_person (pool, last_seen);

-- `record` is what undoing needs, as JSON; empty once the merge is undone. The removed user is no row of `users` any more.
CREATE TABLE user_merge (
    id        TEXT NOT NULL PRIMARY KEY,
    pool      TEXT NOT NULL REFERENCES pool (id),
    kept      TEXT NOT NULL,
    removed   TEXT NOT NULL,
    actor     TEXT NOT NULL,
    at        INTEGER NOT NULL,
    undone_at INTEGER,
    record    TEXT NOT NULL
) STRICT;

CREATE INDEX user_merge_by_age ON user_merge (pool, at, id);
