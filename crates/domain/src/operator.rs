//! Operators: the people who use the console, and their role in a pool.

use crate::{Email, FieldError, OperatorId, Role, Rule, Timestamp, rule::check_name};
use serde::{Deserialize, Serialize};

/// Someone who uses the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Operator {
    /// The id.
    pub id: OperatorId,
    /// Name for people.
    pub name: String,
    /// E-mail address in lower case, unique in the pool; it names the operator in the audit log.
    pub email: String,
    /// What the operator may do. No key of an operator may do more.
    pub role: Role,
    /// When the operator was added.
    pub created_at: Timestamp,
}

/// `POST /manage/v1/pools/{pool}/operators`, `PUT …/{id}`: all fields at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OperatorDraft {
    /// Name for people, 1 to 64 characters.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Role in the pool.
    pub role: Role,
}

impl OperatorDraft {
    /// Checks every rule that needs no database, and puts name and address into the form in which they are kept.
    pub fn check(self) -> Result<Self, Vec<FieldError>> {
        let mut refused = Vec::new();
        let name = check_name("name", &self.name, &mut refused);
        let email = self.email.parse::<Email>().map(|email| email.as_str().to_owned());
        if email.is_err() {
            refused.push(FieldError::new("email", Rule::EmailShape));
        }
        match email {
            Ok(email) if refused.is_empty() => Ok(Self {
                name,
                email,
                role: self.role,
            }),
            _ => Err(refused),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("李娜", "Li@Example.com ", Ok(("李娜", "li@example.com")))]
    #[case("  李娜 ", "li@example.com", Ok(("李娜", "li@example.com")))]
    #[case(" ", "li@example.com", Err(vec![("name", Rule::Required)]))]
    #[case("a\u{0}", "li", Err(vec![("name", Rule::ControlCharacters), ("email", Rule::EmailShape)]))]
    #[case(&"a".repeat(65), "li@example.com", Err(vec![("name", Rule::DisplayNameLength)]))]
    fn a_draft_is_kept_in_one_form_or_refused_field_by_field(
        #[case] name: &str,
        #[case] email: &str,
        #[case] expected: Result<(&str, &str), Vec<(&str, Rule)>>,
    ) {
        let draft = OperatorDraft {
            name: name.to_owned(),
            email: email.to_owned(),
            role: Role::Support,
        };
        let checked = draft.check();
        let expected = expected
            .map(|(name, email)| OperatorDraft {
                name: name.to_owned(),
                email: email.to_owned(),
                role: Role::Support,
            })
            .map_err(|fields| {
                let field = |(field, rule)| FieldError::new(field, rule);
                fields.into_iter().map(field).collect::<Vec<_>>()
            });
        assert_eq!(checked, expected);
    }
}
