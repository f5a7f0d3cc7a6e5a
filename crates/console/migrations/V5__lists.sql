-- Lists are sorted by every column they show, connections are known without the backend, and no two views have one name.

ALTER TABLE people ADD COLUMN binding_count INTEGER NOT NULL DEFAULT 0; -- the length of bindings
UPDATE people SET binding_count = length(bindings) WHERE bindings IS NOT NULL;
CREATE INDEX people_by_bindings ON people (binding_count);

ALTER TABLE connections ADD COLUMN kind INTEGER; -- absent: mirrored before it was kept

UPDATE saved_views SET name = name || ' (' || substr(id, 1, 8) || ')'
WHERE EXISTS (
    SELECT 1 FROM saved_views earlier WHERE earlier.name = saved_views.name AND earlier.id < saved_views.id
);
CREATE UNIQUE INDEX saved_views_by_name ON saved_views (name);
