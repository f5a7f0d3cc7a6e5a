//! The schema's history: one text for every engine, written in SQLite's words.

use refinery::{Migration, Runner};

mod written {
    refinery::embed_migrations!("migrations");
}

/// SQLite's word for each word of PostgreSQL that differs. Text compares by its bytes on both.
const IN_POSTGRES: [(&str, &str); 3] = [
    ("INTEGER", "BIGINT"),
    ("BLOB", "BYTEA"),
    ("TEXT", "TEXT COLLATE \"C\""),
];

/// The migrations for SQLite. They are applied together or not at all.
pub(super) fn sqlite() -> Runner {
    written::migrations::runner().set_grouped(true)
}

/// The migrations for PostgreSQL. They are applied together or not at all.
pub(super) fn postgres() -> Result<Runner, refinery::Error> {
    let translated = sqlite()
        .get_migrations()
        .iter()
        .map(|written| {
            let sql = in_postgres(written.sql().unwrap_or_default());
            Migration::unapplied(&written.to_string(), &sql)
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Runner::new(&translated).set_grouped(true))
}

/// The newest schema version that this program knows.
pub(super) fn newest(runner: &Runner) -> i64 {
    let versions = runner.get_migrations().iter().map(Migration::version);
    versions.map(i64::from).max().unwrap_or(0)
}

/// A migration in PostgreSQL's words: without settings of the file, and without `STRICT`, which it always is.
fn in_postgres(sql: &str) -> String {
    let mut translated = String::with_capacity(sql.len());
    for line in sql.lines().filter(|line| !line.starts_with("PRAGMA ")) {
        let (code, comment) = line.split_at(line.find("--").unwrap_or(line.len()));
        let code = code.replace(") STRICT;", ");");
        let mut rest = code.as_str();
        while let Some(start) = rest.find(is_of_a_word) {
            let (before, word) = rest.split_at(start);
            let end = word.find(|char| !is_of_a_word(char)).unwrap_or(word.len());
            let (word, after) = word.split_at(end);
            translated.push_str(before);
            translated.push_str(
                IN_POSTGRES
                    .iter()
                    .find(|(written, _)| *written == word)
                    .map_or(word, |(_, translated)| translated),
            );
            rest = after;
        }
        translated.push_str(rest);
        translated.push_str(comment);
        translated.push('\n');
    }
    translated
}

fn is_of_a_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

#[cfg(test)]
mod tests {
    use super::in_postgres;

    #[test]
    fn a_migration_is_translated_word_by_word() {
        let sql = "-- Text stays TEXT here.\nPRAGMA application_id = 7;\nCREATE TABLE t (\n    id TEXT NOT NULL PRIMARY \
                   KEY,\n    at INTEGER CHECK (at IN (0, 1)), -- INTEGER\n    TEXT_like BLOB\n) STRICT;\n";
        let expected = "-- Text stays TEXT here.\nCREATE TABLE t (\n    id TEXT COLLATE \"C\" NOT NULL PRIMARY \
                        KEY,\n    at BIGINT CHECK (at IN (0, 1)), -- INTEGER\n    TEXT_like BYTEA\n);\n";
        assert_eq!(in_postgres(sql), expected);
    }
}
