//! What a person answers on the phone.

use std::sync::Arc;

use crate::platform::Params;
use crate::world::people::{self, Person};

/// Yes, and who says so; or no.
#[derive(Debug, Clone)]
pub(crate) enum Decision {
    Approve(Arc<Person>),
    Refuse,
}

/// Why a form holds no decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecisionFault {
    #[error("decision must be \"approve\" or \"refuse\"")]
    Decision,
    #[error("no test person has this id")]
    Person,
}

impl Decision {
    /// Reads the fields `decision` and, to approve, `person`.
    pub(crate) fn read(form: &Params) -> Result<Self, DecisionFault> {
        match form.get("decision") {
            "approve" => people::find(form.get("person"))
                .map(Self::Approve)
                .ok_or(DecisionFault::Person),
            "refuse" => Ok(Self::Refuse),
            _ => Err(DecisionFault::Decision),
        }
    }
}
