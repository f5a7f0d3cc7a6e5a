//! Links into mini programs: URL Schemes and URL Links.

use std::collections::HashMap;

use crate::ambient::Entropy;
use crate::shapes;

/// Where a link leads.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) app_id: String,
    /// The page's query, as the mini program gets it.
    pub(crate) query: String,
    pub(crate) expires_at: u64,
}

/// All links of the platform.
#[derive(Default)]
pub(crate) struct Links(HashMap<String, Link>);

impl Links {
    /// Makes a link and answers what names it.
    pub(crate) fn create(&mut self, link: Link, entropy: &Entropy) -> String {
        let name = shapes::link(entropy);
        self.0.insert(name.clone(), link);
        name
    }

    /// The link with this name, if it still leads anywhere.
    pub(crate) fn open(&self, name: &str, now: u64) -> Option<&Link> {
        self.0.get(name).filter(|link| now < link.expires_at)
    }
}
