//! Loading everything: the plan, and what is left to make after the rows of a first load. Indexes and the search index are
//! made piece by piece, so that edits go on between the pieces and a crash loses one piece.

use super::{
    build,
    mirror::into,
    progress::{self, Phase, progress, reach},
    purge, rows,
};
use crate::Error;
use rusqlite::Connection;
use yaopai_domain::{Bug, LoadPlan, planted};

/// Rows of older generations that go in one step.
const SWEPT_AT_ONCE: u32 = 5000;

/// A load that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Begun {
    /// Something left the machine that the operator may no longer read.
    pub(crate) forgotten: bool,
}

/// Step B: begins the load that the backend has planned. `loaded_by` names the backend and the key.
pub(crate) fn begin_load(connection: &Connection, plan: &LoadPlan, loaded_by: &str) -> Result<Begun, Error> {
    let lost = progress::begin(connection, plan, loaded_by)?;
    let progress = progress(connection)?;
    if progress.phase == Phase::Rows {
        build::bare(connection)?;
    }
    for etype in &lost {
        purge::forget_type(connection, *etype)?;
    }
    Ok(Begun {
        forgotten: !lost.is_empty(),
    })
}

/// Makes the next piece, or sweeps the next rows of older generations; `true` when nothing is left to do.
pub(crate) fn build_some(connection: &Connection) -> Result<bool, Error> {
    let progress = progress(connection)?;
    if progress.sweep {
        if !planted(Bug::NoSweep)
            && rows::sweep(
                connection,
                progress.generation,
                into(progress.phase),
                SWEPT_AT_ONCE,
            )?
        {
            return Ok(false);
        }
        progress::swept(connection)?;
    }
    let (made, next) = match progress.phase {
        Phase::Rows | Phase::Ready => return Ok(true),
        Phase::Indexes => (build::build_indexes(connection)?, Phase::Search),
        Phase::Search => (build::build_search(connection)?, Phase::Ready),
    };
    progress::built(connection, made.done, made.total)?;
    if made.is_whole() {
        reach(connection, next)?;
    }
    Ok(made.is_whole() && next == Phase::Ready)
}
