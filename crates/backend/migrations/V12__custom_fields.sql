-- What Authing's SDKs are told about a pool's custom data: the definition is JSON, in the words of those SDKs.
CREATE TABLE custom_field (
    pool       TEXT NOT NULL REFERENCES pool (id),
    field_key  TEXT NOT NULL,
    definition TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (pool, field_key)
) STRICT;
