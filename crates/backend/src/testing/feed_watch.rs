//! A watch over the feed, for every test: whoever changes a synced row without its feed row cannot commit.
//!
//! Every change of a synced row leaves a mark that only its feed row takes away. A mark that is left at the commit breaks a
//! deferred foreign key.

use std::fmt::Write;

/// Synced tables, the type of their entities, and the entity's id in a row that is called `row` here.
const SYNCED: [(&str, &str, &str); 6] = [
    ("users", "user", "row.id"),
    ("user_metadata", "user", "row.user_id"),
    ("identity", "identity", "row.id"),
    ("connection", "connection", "row.id"),
    ("verification_file", "verification_file", "row.name"),
    (
        "refused_person",
        "refused_person",
        "row.app_id || '/' || row.open_id",
    ),
];

/// Sets the watch up in a SQLite database.
pub(crate) fn watch(connection: &rusqlite::Connection) {
    let mut sql = "
        CREATE TABLE nowhere (id TEXT PRIMARY KEY);
        CREATE TABLE unfed (
            etype TEXT, eid TEXT,
            never TEXT NOT NULL DEFAULT '' REFERENCES nowhere (id) DEFERRABLE INITIALLY DEFERRED
        );
        CREATE TRIGGER fed_new AFTER INSERT ON feed
            BEGIN DELETE FROM unfed WHERE etype = new.etype AND eid = new.eid; END;
        CREATE TRIGGER fed_again AFTER UPDATE ON feed
            BEGIN DELETE FROM unfed WHERE etype = new.etype AND eid = new.eid; END;
    "
    .to_owned();
    for (table, etype, id) in SYNCED {
        for (event, row) in [("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old")] {
            let id = id.replace("row.", &format!("{row}."));
            let differs = if event == "UPDATE" {
                format!("WHEN {}", differs(connection, table))
            } else {
                String::new()
            };
            write!(
                sql,
                "CREATE TRIGGER watch_{table}_{event} AFTER {event} ON {table} {differs}
                    BEGIN INSERT INTO unfed (etype, eid) VALUES ('{etype}', {id}); END;"
            )
            .unwrap();
        }
    }
    connection.execute_batch(&sql).unwrap();
}

/// Whether an update made any column another one: a row that is written as it is has not changed. A sealed secret is no
/// part of what is synced.
fn differs(connection: &rusqlite::Connection, table: &str) -> String {
    let sql = format!(
        "SELECT 'old.' || name || ' IS NOT new.' || name FROM pragma_table_info('{table}')
         WHERE name NOT IN ('secret', 'secret_key_id')"
    );
    let mut statement = connection.prepare(&sql).unwrap();
    let columns = statement.query_map([], |row| row.get(0)).unwrap();
    columns.collect::<Result<Vec<String>, _>>().unwrap().join(" OR ")
}

/// The watch in PostgreSQL's words.
pub(crate) fn postgres() -> String {
    let mut sql = "
        CREATE TABLE nowhere (id TEXT PRIMARY KEY);
        CREATE TABLE unfed (
            etype TEXT, eid TEXT,
            never TEXT NOT NULL DEFAULT '' REFERENCES nowhere (id) DEFERRABLE INITIALLY DEFERRED
        );
        CREATE FUNCTION fed() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN DELETE FROM unfed WHERE etype = new.etype AND eid = new.eid; RETURN NULL; END $$;
        CREATE TRIGGER fed AFTER INSERT OR UPDATE ON feed FOR EACH ROW EXECUTE FUNCTION fed();
    "
    .to_owned();
    for (table, etype, id) in SYNCED {
        for (event, row) in [("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old")] {
            let id = id.replace("row.", &format!("{row}."));
            let differs = if event == "UPDATE" {
                "WHEN (to_jsonb(old) - 'secret' - 'secret_key_id' IS DISTINCT FROM
                       to_jsonb(new) - 'secret' - 'secret_key_id')"
            } else {
                ""
            };
            write!(
                sql,
                "CREATE FUNCTION watch_{table}_{event}() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN INSERT INTO unfed (etype, eid) VALUES ('{etype}', {id}); RETURN NULL; END $$;
                CREATE TRIGGER watch_{event} AFTER {event} ON {table} FOR EACH ROW {differs}
                    EXECUTE FUNCTION watch_{table}_{event}();"
            )
            .unwrap();
        }
    }
    sql
}
