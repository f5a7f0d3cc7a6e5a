-- Synced tables are users, identity, connection, verification_file and refused_person now. The feed takes every type that
-- the program knows.
CREATE TABLE feed_of_all (
    pool    TEXT NOT NULL REFERENCES pool (id),
    etype   TEXT NOT NULL,
    eid     TEXT NOT NULL,
    rev     INTEGER NOT NULL,
    deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
    PRIMARY KEY (pool, etype, eid),
    UNIQUE (pool, rev)
) STRICT;

INSERT INTO feed_of_all (pool, etype, eid, rev, deleted) SELECT pool, etype, eid, rev, deleted FROM feed;
DROP TABLE feed;
ALTER TABLE feed_of_all RENAME TO feed;

-- Digests by type as JSON, written with `rev`; absent until they were computed once.
ALTER TABLE pool_head ADD COLUMN digests TEXT;

-- The chain of outcomes at `last_seq`.
ALTER TABLE client ADD COLUMN chain TEXT NOT NULL DEFAULT '';

-- A mutation is decided once, whoever pushes it.
DELETE FROM mut_result WHERE EXISTS (
    SELECT 1 FROM mut_result earlier
    WHERE earlier.pool = mut_result.pool AND earlier.mutation_id = mut_result.mutation_id
        AND (earlier.at, earlier.client_id, earlier.seq) < (mut_result.at, mut_result.client_id, mut_result.seq)
);
CREATE UNIQUE INDEX mut_result_by_mutation ON mut_result (pool, mutation_id);
CREATE INDEX mut_result_by_age ON mut_result (at);
