//! What the operators of the consoles do: edit, import, decide, read, pause.

use super::{
    backend::text,
    console::{Field, failed},
    life::{FIELDS, Life, PERSONAL, place},
    told::Dying,
    violation::Violation,
    world::Seeded,
};
use std::collections::BTreeMap;
use yaopai_console::{
    Keep,
    simulate::{Death, Input},
};
use yaopai_domain::{EntityKey, FieldGroup, MetadataValue, NewUser, UserId};

impl Life {
    pub(super) fn a_console(&mut self) -> usize {
        self.dice.below(self.consoles.len() as u64) as usize
    }

    pub(super) fn value(&mut self) -> String {
        if self.dice.below(100) < 15 {
            // Values that come back: the same edit twice, and an edit of what was there before.
            return self.dice.below(3).to_string();
        }
        self.values += 1;
        (1000 + self.values).to_string()
    }

    /// The operator of a console edits, or decides what has to be decided.
    pub(super) fn operator(&mut self) -> Result<(), Violation> {
        let who = self.a_console();
        if self.consoles[who].dead {
            return Ok(());
        }
        match self.dice.below(40) {
            0..28 => self.edit(who),
            28..30 => self.create(who),
            30..35 => self.resolve(who),
            35..38 => self.dismiss(who),
            38 => {
                self.consoles[who].paused = true;
                self.take(who, Input::Paused)
            }
            _ => {
                self.consoles[who].paused = false;
                self.take(who, Input::Asked)
            }
        }
    }

    /// A value of a field, as JSON; `None` removes the field.
    pub(super) fn field_value(&mut self, field: &str) -> Option<MetadataValue> {
        if field.starts_with("profile.") {
            let number = self.dice.below(50);
            return text(&format!("{PERSONAL}{number}"));
        }
        if self.dice.below(5) == 0 {
            return None;
        }
        MetadataValue::parse(&self.value()).ok()
    }

    fn edit(&mut self, who: usize) -> Result<(), Violation> {
        let users = self.users_of(who)?;
        let Some(place) = place(&mut self.dice, users.len()) else {
            return Ok(());
        };
        let user = users[place];
        let name = self.dice.pick(&FIELDS).to_owned();
        let Ok(group) = name.parse::<FieldGroup>() else {
            return Err(Violation::failed("naming a field", name));
        };
        let new = self.field_value(&name);
        let death = self.death();
        self.tell(format_args!(
            "operator {who} edits {name} of {user} to {new:?}{}",
            Dying(death)
        ));
        self.consoles[who].before_a_commit()?;
        match self.consoles[who].machine.edit(user, &group, new.as_ref(), death) {
            Ok(_) => {}
            Err(yaopai_console::Error::NotFound | yaopai_console::Error::InvalidFields(_)) => return Ok(()),
            Err(error) => return Err(failed(error)),
        }
        let field = (user, name);
        let given_up = (death != Some(Death::BeforeCommit)).then_some(&field);
        self.after_an_act(who, death, given_up)
    }

    /// The operator imports a user.
    fn create(&mut self, who: usize) -> Result<(), Violation> {
        if !self.consoles[who].machine.standing().map_err(failed)?.loaded {
            return Ok(());
        }
        let entropy = Seeded::new(self.dice.roll());
        let again = self.consoles[who].imported.first().copied();
        // The same file imported twice, or at two consoles, brings the same ids.
        let user_id = again
            .filter(|_| self.dice.below(6) == 0)
            .unwrap_or_else(|| UserId::new(&self.consoles[who].clock, &entropy));
        let mut metadata = BTreeMap::new();
        if let (Ok(key), Ok(value)) = ("tier".parse(), MetadataValue::parse(&self.value())) {
            metadata.insert(key, value);
        }
        let new = NewUser {
            user_id,
            nickname: format!("{PERSONAL}{}", self.dice.below(50)).parse().ok(),
            name: None,
            // Few numbers, so that some are taken.
            phone: format!("+861990000000{}", self.dice.below(4)).parse().ok(),
            email: None,
            username: None,
            metadata,
        };
        let death = self.death();
        self.tell(format_args!("operator {who} imports {user_id}{}", Dying(death)));
        self.consoles[who].before_a_commit()?;
        self.consoles[who].machine.create(&new, death).map_err(failed)?;
        for console in &mut self.consoles {
            console.imported.insert(user_id);
        }
        self.tally.count("users imported");
        self.after_an_act(who, death, None)
    }

    fn after_an_act(
        &mut self,
        who: usize,
        death: Option<Death>,
        given_up: Option<&Field>,
    ) -> Result<(), Violation> {
        let new = self.consoles[who].remember_edits(given_up)?;
        self.tally.add("edits", new);
        if death.is_some() {
            self.die(who);
            return self.consoles[who].check(&mut self.tally);
        }
        self.consoles[who].check(&mut self.tally)?;
        self.take(who, Input::Edited)
    }

    fn users_of(&self, who: usize) -> Result<Vec<UserId>, Violation> {
        let revisions = self.consoles[who].machine.revisions().map_err(failed)?;
        Ok(revisions
            .into_keys()
            .filter_map(|key| match key {
                EntityKey::User(id) => Some(id),
                _ => None,
            })
            .collect())
    }

    fn resolve(&mut self, who: usize) -> Result<(), Violation> {
        let conflicts = self.consoles[who].machine.conflicts().map_err(failed)?;
        let Some(place) = place(&mut self.dice, conflicts.len()) else {
            return Ok(());
        };
        let conflict = &conflicts[place];
        let keep = match self.dice.below(3) {
            0 => Keep::Mine,
            1 => Keep::Theirs,
            _ if conflict.field.is_none() => Keep::Edited {
                json: Some(self.value()),
            },
            _ => Keep::Mine,
        };
        let death = self.death();
        self.tell(format_args!(
            "operator {who} keeps {keep:?} of {}{}",
            conflict.key,
            Dying(death)
        ));
        self.consoles[who].before_a_commit()?;
        self.consoles[who]
            .machine
            .resolve(&conflict.id, &keep, death)
            .map_err(failed)?;
        self.tally.count("conflicts decided");
        let name = match conflict.field {
            Some(field) => format!("profile.{}", field.as_str()),
            None => format!("metadata.{}", conflict.key),
        };
        let field = (conflict.user_id, name);
        let given_up = (death != Some(Death::BeforeCommit)).then_some(&field);
        self.after_an_act(who, death, given_up)
    }

    fn dismiss(&mut self, who: usize) -> Result<(), Violation> {
        let rejected = self.consoles[who].machine.rejected().map_err(failed)?;
        let Some(edit) = rejected.first() else {
            return Ok(());
        };
        self.tell(format_args!(
            "operator {who} has read that {} was refused",
            edit.id
        ));
        self.consoles[who].before_a_commit()?;
        self.consoles[who].machine.dismiss(&edit.id).map_err(failed)?;
        self.after_an_act(who, None, None)
    }
}
