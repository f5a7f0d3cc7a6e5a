//! The words of the trace.

use std::fmt;
use yaopai_console::simulate::{Death, Input};

/// An input in a few words.
pub(super) struct Brief<'a>(pub(super) &'a Input);

impl fmt::Display for Brief<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Input::Page(id, page) => {
                write!(
                    f,
                    "[{id}] page of {}, {:?}, last seq {}",
                    page.changes.len(),
                    page.end,
                    page.last_seq
                )?;
                for change in &page.changes {
                    let deleted = if change.entity.is_none() { " deleted" } else { "" };
                    write!(f, " [{} {:?}{deleted}]", change.revision.0, change.key)?;
                }
                Ok(())
            }
            Input::Informed(_, Ok(server)) => write!(f, "informed of {:?}", server.role),
            Input::Pushed(_, Ok(answer)) => {
                write!(f, "pushed up to {}:", answer.last_seq)?;
                for one in &answer.outcomes {
                    write!(f, " [{} {:?}]", one.id, one.outcome)?;
                }
                Ok(())
            }
            Input::Planned(id, Ok(plan)) => {
                write!(f, "[{id}] plan of {} parts at {:?}", plan.parts.len(), plan.seen)
            }
            other => write!(f, "{other:?}"),
        }
    }
}

/// The death in a step.
pub(super) struct Dying(pub(super) Option<Death>);

impl fmt::Display for Dying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => Ok(()),
            Some(death) => write!(f, ", and dies {death:?}"),
        }
    }
}
