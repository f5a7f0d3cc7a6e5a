//! Why an entry is refused, and which one it was.

use crate::store::{StoreError, Unique, engine::wire_name};
use yaopai_domain::{FieldError, Rule};

/// Why an entry is refused.
pub(super) enum Fault {
    /// What is wrong, and in which field if it is one.
    At(Option<String>, String),
    /// The store could not, or would not.
    Store(StoreError),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken(Unique::VerificationFile) => rule(&FieldError::new(
                "verification_file.name",
                Rule::VerificationFileTaken,
            )),
            error => Self::Store(error),
        }
    }
}

/// Something is wrong with a field.
pub(super) fn at(field: &str, what: &str) -> Fault {
    Fault::At(Some(field.to_owned()), what.to_owned())
}

/// A field breaks a rule of the forms.
pub(super) fn rule(error: &FieldError) -> Fault {
    let name = wire_name(&error.rule).unwrap_or_default();
    // The content of a file is one field here and on the wire.
    Fault::At(
        Some(error.field.clone()),
        format!("{} breaks the rule {name}", error.field),
    )
}

/// Tells which entry it was that is refused.
pub(super) fn told(
    section: &'static str,
    index: usize,
    applied: Result<(), Fault>,
) -> Result<(), StoreError> {
    applied.map_err(|fault| match fault {
        Fault::At(field, what) => StoreError::Refused {
            section,
            index,
            field,
            what,
        },
        Fault::Store(error) => error,
    })
}
