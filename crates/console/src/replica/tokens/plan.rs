//! What to look up for what is wanted, and what has to be looked at then.

use super::{
    Space, Term, Token, are_digits, are_letters, digits, entry, few, hex, is_letter, number, phone,
    terms::terms_like, three, token,
};
use crate::{
    Error,
    replica::person::{Fit, IDENTIFIER_CHARS, WHOLE_PHONE_DIGITS, Wanted},
};
use rusqlite::Connection;
use std::{collections::HashSet, ops::RangeInclusive};

/// Where to look for something in the index.
#[derive(Debug, Default)]
pub(in crate::replica) struct Plan {
    /// Rows with all of the tokens fit so, for certain.
    pub(in crate::replica) sure: Vec<(Fit, Vec<Token>)>,
    /// Rows with a token of the span fit so, for certain.
    pub(in crate::replica) spans: Vec<(Fit, RangeInclusive<Token>)>,
    /// Rows with all of the tokens may fit, by this part of the person.
    pub(in crate::replica) unsure: Vec<(Part, Vec<Token>)>,
    /// Whether rows that are sure by a phone number or a user name are looked at if they are few, because it may be the
    /// whole of it.
    pub(in crate::replica) may_be_whole: bool,
}

/// The part of a person that has to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::replica) enum Part {
    /// Names, phone, e-mail.
    Profile,
    /// The user id.
    Id,
    /// OpenIDs and UnionIDs.
    Identifiers,
}

/// At most so many tokens of a long text are looked up: more say little more.
const ENOUGH: usize = 6;

/// Where to look for what is wanted.
pub(in crate::replica) fn plan(c: &Connection, wanted: &Wanted) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let characters: Vec<char> = wanted.text.chars().collect();
    plan_names(&mut plan, &characters);
    if wanted.is_short() {
        return Ok(plan);
    }
    if let Some(digits) = &wanted.phone {
        plan_phone(&mut plan, digits.as_bytes());
    }
    if wanted.chars >= 3 {
        plan_username(&mut plan, &characters);
        plan_email(c, &mut plan, &wanted.text)?;
    }
    if wanted.chars >= IDENTIFIER_CHARS {
        for shift in 0..3 {
            let tokens = characters[shift..]
                .chunks_exact(3)
                .map(|three_characters| three(Space::Identifier, three_characters));
            plan.unsure.push((Part::Identifiers, selected(tokens)));
        }
    }
    if let Some(digits) = &wanted.hex {
        for shift in 0..2 {
            let digits = &digits.as_bytes()[shift..];
            let starts = (0..digits.len().saturating_sub(3)).step_by(2);
            let tokens = starts.map(|start| hex(&digits[start..start + 4]));
            // The end of an id says most: the beginning is the time at which it was made.
            let mut tokens: Vec<Token> = tokens.collect();
            tokens.reverse();
            if !tokens.is_empty() {
                plan.unsure.push((Part::Id, selected(tokens.into_iter())));
            }
        }
    }
    for key in terms_like(c, Term::Key, |key| key.contains(&wanted.text))? {
        plan.sure.push((Fit::Metadata, vec![key]));
    }
    for (key, value) in &wanted.entries {
        plan.sure.push((Fit::Metadata, vec![entry(key, value)]));
    }
    Ok(plan)
}

fn plan_names(plan: &mut Plan, characters: &[char]) {
    let spaces = match characters.len() {
        1 | 2 => Some([Space::Whole, Space::Start, Space::Name].map(|space| few(space, characters))),
        3 if are_letters(characters) => Some(
            [Space::WholeLetters, Space::StartLetters, Space::NameLetters]
                .map(|space| three(space, characters)),
        ),
        _ => None,
    };
    if let Some(spaces) = spaces {
        let fits = [Fit::Whole, Fit::Beginning, Fit::Name];
        plan.sure.extend(
            fits.into_iter()
                .zip(spaces)
                .map(|(fit, token)| (fit, vec![token])),
        );
        return;
    }
    let mut tokens: Vec<Token> = characters
        .windows(3)
        .filter(|characters| are_letters(characters))
        .map(|characters| three(Space::NameLetters, characters))
        .collect();
    tokens.extend(
        characters
            .windows(2)
            .filter(|characters| !are_letters(characters))
            .map(|characters| few(Space::Name, characters)),
    );
    plan.unsure.push((Part::Profile, selected(tokens.into_iter())));
}

/// User names, and what is numbered in e-mail addresses: people look for the number of such a name.
fn plan_username(plan: &mut Plan, characters: &[char]) {
    if characters.len() >= 4 && are_digits(characters) {
        let tokens: Vec<Token> = characters.windows(4).map(digits).collect();
        if tokens.len() == 1 {
            plan.sure.push((Fit::Identifier, tokens));
            plan.may_be_whole = true;
        } else {
            plan.unsure.push((Part::Profile, selected(tokens.into_iter())));
        }
        return;
    }
    let tokens: Vec<Token> = characters
        .windows(3)
        .map(|characters| three(Space::Username, characters))
        .collect();
    if tokens.len() == 1 && are_letters(characters) {
        plan.sure.push((Fit::Identifier, tokens));
    } else {
        plan.unsure.push((Part::Profile, selected(tokens.into_iter())));
    }
}

/// A phone number has its digits at known places, so a part of one is found without looking.
fn plan_phone(plan: &mut Plan, digits: &[u8]) {
    const PLACES: usize = 16;
    if digits.len() == 3 {
        let ten = number(digits) * 10;
        for place in 0..PLACES as u64 {
            let first = token(Space::Phone, place << 14 | ten);
            plan.spans.push((Fit::Identifier, first..=Token(first.0 + 9)));
        }
        let end = token(Space::PhoneEnd, number(digits));
        plan.sure.push((Fit::Identifier, vec![end]));
        return;
    }
    for place in 0..PLACES.saturating_sub(digits.len() - 1) {
        let mut starts: Vec<usize> = (0..=digits.len() - 4).step_by(4).collect();
        if !digits.len().is_multiple_of(4) {
            starts.push(digits.len() - 4);
        }
        // The last digits first: they tell people apart.
        let tokens: Vec<Token> = starts
            .iter()
            .rev()
            .map(|start| phone(place + start, &digits[*start..start + 4]))
            .collect();
        plan.sure.push((Fit::Identifier, tokens));
    }
    plan.may_be_whole |= digits.len() >= WHOLE_PHONE_DIGITS;
}

fn plan_email(c: &Connection, plan: &mut Plan, text: &str) -> Result<(), Error> {
    let threes = |text: &str| -> Vec<Token> {
        let characters: Vec<char> = text.chars().collect();
        characters
            .windows(3)
            .map(|characters| three(Space::Email, characters))
            .collect()
    };
    // Before the last `@` of the address, with it. A number was looked for with the user names.
    let tokens = threes(text);
    if tokens.len() == 1 && text.chars().all(is_letter) {
        plan.sure.push((Fit::Identifier, tokens));
    } else if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        plan.unsure.push((Part::Profile, selected(tokens.into_iter())));
    }
    let Some(at) = text.rfind('@') else {
        for domain in terms_like(c, Term::Domain, |domain| domain.contains(text))? {
            plan.sure.push((Fit::Identifier, vec![domain]));
        }
        return Ok(());
    };
    // Across it.
    let (local, begin) = (&text[..=at], &text[at + 1..]);
    if begin.is_empty() && local.chars().count() >= 3 {
        return Ok(());
    }
    let tokens = threes(local);
    for domain in terms_like(c, Term::Domain, |domain| domain.starts_with(begin))? {
        if at == 0 {
            plan.sure.push((Fit::Identifier, vec![domain]));
        } else {
            let tokens = tokens.iter().copied().chain([domain]);
            plan.unsure.push((Part::Profile, selected(tokens)));
        }
    }
    Ok(())
}

/// Some of the tokens, spread evenly; the last is among them.
fn selected(tokens: impl Iterator<Item = Token>) -> Vec<Token> {
    let mut seen = HashSet::new();
    let tokens: Vec<Token> = tokens.filter(|token| seen.insert(*token)).collect();
    if tokens.len() <= ENOUGH {
        return tokens;
    }
    (1..=ENOUGH)
        .map(|nth| tokens[nth * tokens.len() / ENOUGH - 1])
        .collect()
}
