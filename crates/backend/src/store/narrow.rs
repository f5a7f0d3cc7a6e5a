//! A question that is narrowed condition by condition.

use super::engine::Value;

/// A `SELECT … WHERE …` that grows.
pub(super) struct Question {
    sql: String,
    values: Vec<Value>,
}

impl Question {
    /// Begins with a `SELECT … WHERE …` and the values of its parameters.
    pub(super) fn new(sql: &str, values: Vec<Value>) -> Self {
        Self {
            sql: sql.to_owned(),
            values,
        }
    }

    /// Adds a condition; each `?` in it is one of the values.
    pub(super) fn narrow(&mut self, condition: &str, values: Vec<Value>) {
        let mut condition = condition.to_owned();
        for value in values {
            self.values.push(value);
            condition = condition.replacen('?', &format!("${}", self.values.len()), 1);
        }
        self.sql.push_str(" AND ");
        self.sql.push_str(&condition);
    }

    /// The statement and its values, with an order and at most `limit` rows.
    pub(super) fn ordered(mut self, by: &str, limit: u32) -> (String, Vec<Value>) {
        self.values.push(limit.into());
        let sql = format!("{} ORDER BY {by} LIMIT ${}", self.sql, self.values.len());
        (sql, self.values)
    }
}
