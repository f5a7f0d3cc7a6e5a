//! Applications: the clients of a pool, as operators see them.

use crate::{ApplicationId, FieldError, Fingerprint, Rule, ShownOnce, Timestamp, rule::check_name};
use serde::{Deserialize, Serialize};
use url::Url;

/// What signs the tokens of an application, as JWA (RFC 7518) names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TokenAlgorithm {
    /// ECDSA on P-256: short tokens.
    #[default]
    #[serde(rename = "ES256")]
    Es256,
    /// RSA, for resource servers that know nothing else.
    #[serde(rename = "RS256")]
    Rs256,
}

impl TokenAlgorithm {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

/// An application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationRecord {
    /// What SDKs are configured with.
    pub id: ApplicationId,
    /// Name for people, unique in the pool.
    pub name: String,
    /// Where browsers may be sent after a login, matched exactly; a `*` stands for one host label.
    pub redirect_urls: Vec<String>,
    /// Identifiers of the connections it offers; none named means all of the pool.
    pub connections: Vec<String>,
    /// What signs its tokens.
    pub token_algorithm: TokenAlgorithm,
    /// Its secrets, oldest first; with one it is a confidential client, two overlap while one replaces the other.
    pub secrets: Vec<ApplicationSecret>,
    /// When it was added.
    pub created_at: Timestamp,
}

/// A secret of an application, without the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationSecret {
    /// The first digits of its hash: by it people recognise and revoke it.
    pub fingerprint: Fingerprint,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A new secret of an application, with the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewApplicationSecret {
    /// What is kept of it.
    pub application_secret: ApplicationSecret,
    /// The secret: 64 hexadecimal digits. Nobody learns it again.
    pub secret: ShownOnce,
}

/// `POST /manage/v1/pools/{pool}/applications`, `PUT …/{id}`: all fields at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ApplicationDraft {
    /// Its id if SDKs are configured with one already; one is made if none is given. An application keeps its id.
    #[serde(default)]
    pub id: Option<ApplicationId>,
    /// Name for people, 1 to 64 characters, unique in the pool.
    pub name: String,
    /// Where browsers may be sent after a login.
    #[serde(default)]
    pub redirect_urls: Vec<String>,
    /// Identifiers of the connections it offers; none named means all of the pool.
    #[serde(default)]
    pub connections: Vec<String>,
    /// What signs its tokens; ES256 if nothing else is said.
    #[serde(default)]
    pub token_algorithm: TokenAlgorithm,
}

/// An [`ApplicationDraft`] that keeps every rule which needs no database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidApplication {
    /// Its id, if one is wanted.
    pub id: Option<ApplicationId>,
    /// Name for people.
    pub name: String,
    /// Where browsers may be sent.
    pub redirect_urls: Vec<Url>,
    /// Identifiers of connections.
    pub connections: Vec<String>,
    /// What signs its tokens.
    pub token_algorithm: TokenAlgorithm,
}

impl ApplicationDraft {
    /// Checks every rule that needs no database.
    pub fn check(self) -> Result<ValidApplication, Vec<FieldError>> {
        let mut refused = Vec::new();
        let name = check_name("name", &self.name, &mut refused);
        let redirect_urls = self
            .redirect_urls
            .iter()
            .enumerate()
            .filter_map(|(index, text)| {
                let url = redirect_url(text);
                if url.is_none() {
                    let field = format!("redirect_urls[{index}]");
                    refused.push(FieldError::new(field, Rule::RedirectUrlShape));
                }
                url
            })
            .collect();
        if !refused.is_empty() {
            return Err(refused);
        }
        Ok(ValidApplication {
            id: self.id,
            name,
            redirect_urls,
            connections: self.connections,
            token_algorithm: self.token_algorithm,
        })
    }
}

/// A place a browser may be sent to: `http` or `https` with a host, or an app's own scheme (RFC 8252, 7.1: one with a dot);
/// no user name, password or fragment; a `*` only as a whole host label.
fn redirect_url(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    let web = matches!(url.scheme(), "http" | "https");
    let labels_are_whole = url
        .host_str()
        .unwrap_or_default()
        .split('.')
        .all(|label| label == "*" || !label.contains('*'));
    let stars_elsewhere = url.path().contains('*') || url.query().is_some_and(|query| query.contains('*'));
    let sound = (if web {
        url.has_host()
    } else {
        url.scheme().contains('.')
    }) && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
        && labels_are_whole
        && !stars_elsewhere;
    sound.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::page("https://shop.example.com/login", true)]
    #[case::one_label("https://*.shop.example.com/login", true)]
    #[case::local("http://localhost:5173/cb", true)]
    #[case::app("com.example.shop:/cb", true)]
    #[case::fragment("https://shop.example.com/#cb", false)]
    #[case::credentials("https://a:b@shop.example.com/", false)]
    #[case::half_a_label("https://shop-*.example.com/", false)]
    #[case::star_in_path("https://shop.example.com/*", false)]
    #[case::script("javascript:alert(1)", false)]
    #[case::short_scheme("shop://cb", false)]
    #[case::relative("/cb", false)]
    #[case::nothing("", false)]
    fn a_redirect_url_names_one_place(#[case] text: &str, #[case] taken: bool) {
        assert_eq!(redirect_url(text).is_some(), taken);
    }

    #[test]
    fn the_refused_url_is_named_by_its_place() {
        let draft = ApplicationDraft {
            id: None,
            name: "shop".to_owned(),
            redirect_urls: vec!["https://shop.example.com/".to_owned(), "nonsense".to_owned()],
            connections: Vec::new(),
            token_algorithm: TokenAlgorithm::default(),
        };
        assert_eq!(
            draft.check(),
            Err(vec![FieldError::new("redirect_urls[1]", Rule::RedirectUrlShape)])
        );
    }
}
