-- The word that a code's screen asks by is no longer in its picture; those that are shown now are drawn anew.

DELETE FROM qr_login;

-- SHA-256 (hex) of the word in the picture; none where WeChat's own word stands in it.
ALTER TABLE qr_login ADD COLUMN scan_hash TEXT;

CREATE UNIQUE INDEX qr_login_by_scan ON qr_login (scan_hash);

-- When whoever scanned it had last shown who they are; the login it leads to is no fresher than that.
ALTER TABLE qr_login ADD COLUMN shown_at INTEGER;
