-- Refused edits can be as many as an import has rows: they are counted while they change, and read in pages.
CREATE INDEX rejected_by_time ON rejected (rejected_at, id);

ALTER TABLE tally ADD COLUMN rejected INTEGER NOT NULL DEFAULT 0 CHECK (rejected >= 0);
UPDATE tally SET rejected = (SELECT count(*) FROM rejected);
CREATE TRIGGER rejected_in AFTER INSERT ON rejected BEGIN
    UPDATE tally SET rejected = rejected + 1;
END;
CREATE TRIGGER rejected_out AFTER DELETE ON rejected BEGIN
    UPDATE tally SET rejected = rejected - 1;
END;
