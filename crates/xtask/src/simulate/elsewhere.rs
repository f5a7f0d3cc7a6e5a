//! What everybody else does to the backend meanwhile: other operators, administrators, people who log in.

use super::{
    life::{FIELDS, Life, PERSONAL, place},
    violation::Violation,
    witness::SECRET,
};
use yaopai_backend::simulate::{Edit, Visitor};
use yaopai_domain::{
    AppSecret, Connection, ConnectionDraft, ConnectionKind, Entity, ProfileField, User, VerificationFile,
};

impl Life {
    /// Somebody else changes something at the backend.
    pub(super) fn elsewhere(&mut self) -> Result<(), Violation> {
        let head = self.backend.head();
        match self.dice.below(100) {
            0..15 => self.make_user()?,
            15..60 => self.change_user()?,
            60..70 => {
                if let Some(user) = self.a_user()? {
                    self.tell(format_args!("somebody deletes {}", user.id));
                    self.backend
                        .elsewhere(|node| node.delete_user("somebody", user.id))?;
                    self.contest_all(Some(user.id));
                    self.tally.count("users deleted");
                }
            }
            70..76 => self.connect()?,
            76..82 => self.reconnect()?,
            82..85 => {
                if let Some(connection) = self.a_connection()? {
                    self.tell(format_args!("somebody deletes connection {}", connection.id));
                    self.backend
                        .elsewhere(|node| node.disconnect("somebody", connection.id))?;
                }
            }
            85..96 => self.visit()?,
            _ => {
                let let_in = self.dice.below(2) == 0;
                self.tell(format_args!("somebody lets the last refused person in: {let_in}"));
                self.backend.elsewhere(|node| node.admit("somebody", let_in))?;
                self.contest_all(None);
            }
        }
        if self.backend.head() != head {
            self.tally.count("changes elsewhere");
            self.hint();
            if self.dice.below(4) == 0 {
                self.backend.snapshot()?;
            }
        }
        Ok(())
    }

    fn edit_elsewhere(&mut self) -> Edit {
        let mut edit = Edit::default();
        for field in FIELDS {
            if self.dice.below(3) > 0 {
                continue;
            }
            if let Some(Ok(key)) = field.strip_prefix("metadata.").map(str::parse) {
                let value = self.field_value(field);
                edit.metadata.push((key, value));
            }
        }
        edit
    }

    pub(super) fn make_user(&mut self) -> Result<(), Violation> {
        let mut edit = self.edit_elsewhere();
        edit.metadata.retain(|(_, value)| value.is_some());
        let name = format!("{PERSONAL}{}", self.dice.below(100));
        edit.profile.push((ProfileField::Nickname, Some(name)));
        self.tell(format_args!("somebody makes a user"));
        self.backend
            .elsewhere(|node| node.create_user("somebody", edit))?;
        Ok(())
    }

    fn change_user(&mut self) -> Result<(), Violation> {
        let Some(user) = self.a_user()? else {
            return Ok(());
        };
        let mut edit = self.edit_elsewhere();
        if self.dice.below(3) == 0 {
            let name = format!("{PERSONAL}{}", self.dice.below(100));
            edit.profile.push((ProfileField::Name, Some(name)));
        }
        self.tell(format_args!("somebody changes {}: {edit:?}", user.id));
        self.backend
            .elsewhere(|node| node.change_user("somebody", user.id, edit))?;
        self.contest_all(Some(user.id));
        Ok(())
    }

    fn a_user(&mut self) -> Result<Option<User>, Violation> {
        let users = self.truth_of(|entity| match entity {
            Entity::User(user) => Some(*user),
            _ => None,
        })?;
        Ok(place(&mut self.dice, users.len()).map(|place| users[place].clone()))
    }

    fn a_connection(&mut self) -> Result<Option<Connection>, Violation> {
        let connections = self.truth_of(|entity| match entity {
            Entity::Connection(connection) => Some(*connection),
            _ => None,
        })?;
        Ok(place(&mut self.dice, connections.len()).map(|place| connections[place].clone()))
    }

    fn truth_of<T>(&self, of: impl Fn(Entity) -> Option<T>) -> Result<Vec<T>, Violation> {
        Ok(self.backend.truth()?.into_iter().filter_map(of).collect())
    }

    fn draft(&mut self, identifier: String) -> ConnectionDraft {
        let file = self.dice.below(3);
        ConnectionDraft {
            kind: ConnectionKind::Pc,
            identifier,
            display_name: format!("扫码{}", self.dice.below(100)),
            app_id: format!("wx{:016x}", self.dice.below(2)),
            app_secret: Some(AppSecret::new(SECRET)),
            settings: None,
            push_token: None,
            encoding_aes_key: None,
            callback_url: None,
            verification_file: (file > 0).then(|| VerificationFile {
                name: format!("MP_verify_000000000000000{file}.txt"),
                content_base64: "eA==".to_owned(),
            }),
            login_only: self.dice.below(2) == 0,
            platform_account: None,
            based_on: None,
        }
    }

    pub(super) fn connect(&mut self) -> Result<(), Violation> {
        self.values += 1;
        let identifier = format!("pc-{}", self.values);
        let draft = self.draft(identifier);
        self.tell(format_args!("somebody makes connection {}", draft.identifier));
        self.backend.elsewhere(|node| node.connect("somebody", &draft))?;
        Ok(())
    }

    fn reconnect(&mut self) -> Result<(), Violation> {
        let Some(connection) = self.a_connection()? else {
            return Ok(());
        };
        let draft = self.draft(connection.identifier.clone());
        self.tell(format_args!("somebody changes connection {}", draft.identifier));
        self.backend
            .elsewhere(|node| node.reconnect("somebody", connection.id, &draft))?;
        Ok(())
    }

    fn visit(&mut self) -> Result<(), Violation> {
        let Some(connection) = self.a_connection()? else {
            return Ok(());
        };
        let number = self.dice.below(8);
        let visitor = Visitor {
            open_id: format!("o-{number}-{}", connection.app_id),
            union_id: (self.dice.below(2) == 0).then(|| format!("u-{number}")),
            nickname: Some(format!("{PERSONAL}{}", self.dice.below(20))),
        };
        self.tell(format_args!("{visitor:?} scans"));
        self.backend.elsewhere(|node| node.visit(&connection, visitor))?;
        self.contest_all(None);
        self.tally.count("visits");
        Ok(())
    }
}
