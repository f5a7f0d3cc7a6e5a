//! The queries by which an order is read off its index.

/// A stretch of an order that is read off its index in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::replica) enum Leg {
    /// Rows that have what is sorted by.
    Present,
    /// Rows with the same key after a row. An index ends in the row, but SQLite does not see that in `(key, row) > (…)`.
    Alike,
    /// Rows after a key.
    Beyond,
    /// Rows that do not have what is sorted by.
    Absent,
    /// Those after a row.
    AbsentAfter,
}

impl Leg {
    pub(super) const fn takes_key(self) -> bool {
        matches!(self, Self::Alike | Self::Beyond)
    }

    pub(super) const fn takes_row(self) -> bool {
        matches!(self, Self::Alike | Self::AbsentAfter)
    }

    /// Rows and keys in their order, at most `?1`; then the key and the row that the leg takes.
    pub(in crate::replica) fn sql(self, column: &str, descending: bool) -> String {
        let (than, direction) = if descending { ("<", "DESC") } else { (">", "ASC") };
        let which = match self {
            Self::Present => format!("{column} IS NOT NULL"),
            Self::Alike => format!("{column} = ?2 AND row {than} ?3"),
            Self::Beyond => format!("{column} {than} ?2"),
            Self::Absent => format!("{column} IS NULL"),
            Self::AbsentAfter => format!("{column} IS NULL AND row {than} ?2"),
        };
        let order = match self {
            Self::Present | Self::Beyond => format!("{column} {direction}, row {direction}"),
            Self::Alike | Self::Absent | Self::AbsentAfter => format!("row {direction}"),
        };
        format!("SELECT row, {column} FROM people WHERE {which} ORDER BY {order} LIMIT ?1")
    }
}
