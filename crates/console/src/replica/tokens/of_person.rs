//! What a person is found by.

use super::{
    Space, Term, Terms, Token, are_digits, are_letters, digits, entry, few, hex, number, phone, three, token,
};
use crate::{Error, replica::person::Person};

/// Gives every token of a person, some more than once.
pub(in crate::replica) fn tokens_of(
    person: &Person,
    terms: &mut Terms<'_>,
    each: &mut dyn FnMut(Token),
) -> Result<(), Error> {
    let mut characters: Vec<char> = Vec::with_capacity(64);
    for name in &person.names {
        characters.clear();
        characters.extend(name.chars());
        name_tokens(&characters, each);
    }
    if let Some(username) = &person.username {
        characters.clear();
        characters.extend(username.chars());
        username_tokens(&characters, each);
    }
    if let Some(digits) = &person.phone {
        let digits = digits.as_bytes();
        for (place, four) in digits.windows(4).enumerate() {
            each(phone(place, four));
        }
        if let Some(end) = digits.last_chunk::<3>() {
            each(token(Space::PhoneEnd, number(end)));
        }
    }
    if let Some(email) = &person.email {
        let (local, domain) = split_email(email);
        if let Some(domain) = domain {
            each(terms.of_text(Term::Domain, domain)?);
        }
        characters.clear();
        characters.extend(local.chars());
        for three_characters in characters.windows(3) {
            each(three(Space::Email, three_characters));
        }
        digit_tokens(&characters, each);
    }
    for id in &person.ids {
        characters.clear();
        characters.extend(id.chars());
        for start in (0..characters.len().saturating_sub(2)).step_by(3) {
            each(three(Space::Identifier, &characters[start..start + 3]));
        }
    }
    for start in (0..person.hex.len().saturating_sub(3)).step_by(2) {
        each(hex(&person.hex.as_bytes()[start..start + 4]));
    }
    for (key, value) in &person.metadata {
        each(terms.of_text(Term::Key, key)?);
        each(entry(key, value));
    }
    for connection in &person.connections {
        each(terms.of_text(Term::Connection, connection)?);
    }
    each(terms.of_text(Term::Everybody, "")?);
    if person.blocked {
        each(terms.of_text(Term::Blocked, "")?);
    }
    if person.united {
        each(terms.of_text(Term::United, "")?);
    }
    Ok(())
}

fn name_tokens(name: &[char], each: &mut dyn FnMut(Token)) {
    for length in 1..=2 {
        for characters in name.windows(length) {
            each(few(Space::Name, characters));
        }
        if let Some(start) = name.get(..length) {
            each(few(Space::Start, start));
        }
    }
    for characters in name.windows(3).filter(|characters| are_letters(characters)) {
        each(three(Space::NameLetters, characters));
    }
    if let Some(start) = name.get(..3).filter(|start| are_letters(start)) {
        each(three(Space::StartLetters, start));
    }
    whole(name, each);
}

/// The token of a whole name that is too short to be looked at.
fn whole(name: &[char], each: &mut dyn FnMut(Token)) {
    match name.len() {
        1 | 2 => each(few(Space::Whole, name)),
        3 if are_letters(name) => each(three(Space::WholeLetters, name)),
        _ => {}
    }
}

fn username_tokens(username: &[char], each: &mut dyn FnMut(Token)) {
    for characters in username.windows(3) {
        each(three(Space::Username, characters));
    }
    digit_tokens(username, each);
    whole(username, each);
}

fn digit_tokens(text: &[char], each: &mut dyn FnMut(Token)) {
    for four in text.windows(4).filter(|four| are_digits(four)) {
        each(digits(four));
    }
}

/// An e-mail address up to and with its last `@`, and what follows it.
fn split_email(email: &str) -> (&str, Option<&str>) {
    match email.rfind('@') {
        Some(at) => (&email[..=at], Some(&email[at + 1..])),
        None => (email, None),
    }
}
