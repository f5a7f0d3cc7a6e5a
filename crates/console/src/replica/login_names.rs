//! What people log in by, as far as it is known here: a new user cannot have what is somebody's.

use super::columns::text_at;
use crate::Error;
use rusqlite::Connection;
use std::collections::HashSet;
use yaopai_domain::{Email, LoginName, LoginNameKind, Phone, Username};

/// Whether somebody here has this phone number.
pub(crate) fn is_phone_taken(connection: &Connection, phone: &Phone) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM people WHERE phone = ?1)")?
        .query_row([phone.as_str()], |row| row.get(0))?)
}

/// E-mail addresses and user names of everybody, in the form in which they are compared. Reads all users once: nothing
/// else asks for them, so no index is kept.
pub(crate) fn emails_and_usernames(
    connection: &Connection,
) -> Result<HashSet<(LoginNameKind, String)>, Error> {
    let mut taken = HashSet::new();
    let mut statement = connection.prepare(
        "SELECT profile ->> '$.email.value', profile ->> '$.username.value' FROM user_state
         WHERE profile LIKE '%\"email\":{%' OR profile LIKE '%\"username\":{%'",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let email = text_at(row, 0)?.and_then(|text| text.parse::<Email>().ok());
        let username = text_at(row, 1)?.and_then(|text| text.parse::<Username>().ok());
        let names = [email.map(LoginName::from), username.map(LoginName::from)];
        taken.extend(names.into_iter().flatten().map(|name| (name.kind(), name.key())));
    }
    Ok(taken)
}
