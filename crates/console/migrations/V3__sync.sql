-- Loading a large pool in parts, proof that the mirror equals the backend, and what leaves the machine with lost access.

-- How far the replica got.
ALTER TABLE replica ADD COLUMN phase TEXT NOT NULL DEFAULT 'rows'
    CHECK (phase IN ('rows', 'indexes', 'search', 'ready')); -- of the mirror's own making; 'ready' ever after
ALTER TABLE replica ADD COLUMN seen_head INTEGER;            -- the highest head that any page was read at,
ALTER TABLE replica ADD COLUMN seen_mark INTEGER;            -- and its mark
ALTER TABLE replica ADD COLUMN expected INTEGER NOT NULL DEFAULT 0; -- rows the load under way will bring
ALTER TABLE replica ADD COLUMN built INTEGER NOT NULL DEFAULT 0;    -- pieces of the phase that are made,
ALTER TABLE replica ADD COLUMN to_build INTEGER NOT NULL DEFAULT 0; -- and of how many
ALTER TABLE replica ADD COLUMN sweep INTEGER NOT NULL DEFAULT 0 CHECK (sweep IN (0, 1)); -- the new generation is whole
ALTER TABLE replica ADD COLUMN scope TEXT CHECK (scope IS NULL OR json_valid(scope)); -- types the operator may read
ALTER TABLE replica ADD COLUMN loaded_by TEXT;               -- fingerprint of backend and access key
ALTER TABLE replica ADD COLUMN access_lost INTEGER;          -- when; everything left the machine then,
ALTER TABLE replica ADD COLUMN unsent INTEGER;               -- with so many edits that were never sent
ALTER TABLE replica ADD COLUMN scrub INTEGER NOT NULL DEFAULT 0 CHECK (scrub IN (0, 1)); -- deleted bytes have to go
ALTER TABLE replica ADD COLUMN mismatches INTEGER NOT NULL DEFAULT 0; -- times the digests did not agree

-- The parts of a load that are not whole yet, and where each goes on.
CREATE TABLE load_part (
    part   INTEGER NOT NULL PRIMARY KEY,
    cursor TEXT    NOT NULL
) STRICT;

-- Per type: the digest of the rows of the present generation.
CREATE TABLE digests (
    type  TEXT    NOT NULL PRIMARY KEY,
    count INTEGER NOT NULL,
    lo    INTEGER NOT NULL, -- 64 bits without a sign
    hi    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `create` makes a user: `new` is all of it, `field` is `user`.
ALTER TABLE outbox ADD COLUMN act TEXT NOT NULL DEFAULT 'patch' CHECK (act IN ('patch', 'create'));
ALTER TABLE outbox ADD COLUMN chain TEXT; -- of outcomes up to this one, once decided
ALTER TABLE outbox ADD COLUMN verify INTEGER NOT NULL DEFAULT 0 CHECK (verify IN (0, 1)); -- the outcome is asked for again
CREATE INDEX outbox_verify ON outbox (seq) WHERE verify = 1;
CREATE INDEX outbox_creates ON outbox (seq) WHERE act = 'create' AND state <> 'decided';
ALTER TABLE conflicts ADD COLUMN mine_at INTEGER; -- when mine was typed

-- Counted while they change, so that the status line costs the same at any size.
CREATE TABLE tally (
    only_row  INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    waiting   INTEGER NOT NULL CHECK (waiting >= 0),
    conflicts INTEGER NOT NULL CHECK (conflicts >= 0)
) STRICT;
INSERT INTO tally
    SELECT 1, (SELECT count(*) FROM outbox WHERE state <> 'decided'), (SELECT count(*) FROM conflicts);
CREATE TRIGGER outbox_in AFTER INSERT ON outbox WHEN NEW.state <> 'decided' BEGIN
    UPDATE tally SET waiting = waiting + 1;
END;
CREATE TRIGGER outbox_out AFTER DELETE ON outbox WHEN OLD.state <> 'decided' BEGIN
    UPDATE tally SET waiting = waiting - 1;
END;
CREATE TRIGGER outbox_moves AFTER UPDATE OF state ON outbox
WHEN (OLD.state = 'decided') <> (NEW.state = 'decided') BEGIN
    UPDATE tally SET waiting = waiting + CASE WHEN NEW.state = 'decided' THEN -1 ELSE 1 END;
END;
CREATE TRIGGER conflict_in AFTER INSERT ON conflicts BEGIN
    UPDATE tally SET conflicts = conflicts + 1;
END;
CREATE TRIGGER conflict_out AFTER DELETE ON conflicts BEGIN
    UPDATE tally SET conflicts = conflicts - 1;
END;
