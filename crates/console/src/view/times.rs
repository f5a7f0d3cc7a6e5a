//! Spans of time that lists are narrowed to.

use serde::{Deserialize, Serialize};
use yaopai_domain::Timestamp;

/// A span of time; an end that is absent is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(default)]
pub struct TimeRange {
    /// From here on.
    pub from: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
    /// In a saved view, instead of ends: days that are counted whenever it is applied, by whoever knows the time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<DaySpan>,
}

/// Days up to now, today included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum DaySpan {
    /// Today alone.
    Today,
    /// 7 days.
    Week,
    /// 30 days.
    Month,
    /// 365 days.
    Year,
}
