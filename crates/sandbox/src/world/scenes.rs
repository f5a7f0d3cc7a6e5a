//! Scene codes of official accounts: a ticket for the picture, an address inside it, a scene for the event.

use std::collections::HashMap;

use crate::ambient::Entropy;
use crate::shapes;

/// How long an expired scene code is remembered, so that the phone can say why nothing happens.
const REMEMBERED_SECONDS: u64 = 24 * 3600;

/// What an event names the scene by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SceneKey {
    /// `QR_SCENE` and `QR_LIMIT_SCENE`.
    Number(u32),
    /// `QR_STR_SCENE` and `QR_LIMIT_STR_SCENE`.
    Text(String),
}

impl std::fmt::Display for SceneKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// One scene code.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) app_id: String,
    pub(crate) key: SceneKey,
    pub(crate) ticket: String,
    /// What stands behind `/q/` in the text of the code.
    pub(crate) path: String,
    /// None for permanent codes.
    pub(crate) expires_at: Option<u64>,
}

/// All scene codes of the platform, by path.
#[derive(Default)]
pub(crate) struct Scenes {
    by_path: HashMap<String, Scene>,
    paths: HashMap<String, String>,
    swept_at: u64,
}

impl Scenes {
    /// Makes a scene code.
    pub(crate) fn create(
        &mut self,
        app_id: &str,
        key: SceneKey,
        expires_at: Option<u64>,
        now: u64,
        entropy: &Entropy,
    ) -> Scene {
        if now >= self.swept_at + 60 {
            self.swept_at = now;
            self.by_path
                .retain(|_, scene| scene.expires_at.is_none_or(|end| end + REMEMBERED_SECONDS > now));
            let scenes = &self.by_path;
            self.paths.retain(|_, path| scenes.contains_key(path));
        }
        let scene = Scene {
            app_id: app_id.to_owned(),
            key,
            ticket: shapes::scene_ticket(entropy),
            path: shapes::scene_path(entropy),
            expires_at,
        };
        self.paths.insert(scene.ticket.clone(), scene.path.clone());
        self.by_path.insert(scene.path.clone(), scene.clone());
        scene
    }

    /// The scene code that a ticket stands for, expired or not.
    pub(crate) fn of_ticket(&self, ticket: &str) -> Option<&Scene> {
        self.at(self.paths.get(ticket)?)
    }

    /// The scene code behind `/q/…`, expired or not.
    pub(crate) fn at(&self, path: &str) -> Option<&Scene> {
        self.by_path.get(path)
    }
}
