//! Tokens: the short pieces of text by which the search index knows a person.
//!
//! A token is a space of four bits and a content of 44. Of names there are single characters, pairs, and triples of letters,
//! and what they begin with; of phone numbers four digits with their place, so that any part of a number is found exactly;
//! of OpenIDs and UnionIDs every third triple, because a long part contains one of three; of the user id every second
//! group of four digits. Texts that many people share are numbered (`terms`).

use super::person::{Fit, IDENTIFIER_CHARS, Person, WHOLE_PHONE_DIGITS, Wanted};
use crate::Error;
use rusqlite::{Connection, OptionalExtension, params};
use std::{
    collections::{HashMap, HashSet},
    ops::RangeInclusive,
};

/// A token: 48 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Token(pub(super) u64);

/// What kind of piece a token is; the numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Space {
    /// One or two characters of a name.
    Name = 0,
    /// Three letters of a name.
    NameLetters = 1,
    /// The first one or two characters of a name.
    Start = 2,
    /// The first three letters of a name.
    StartLetters = 3,
    /// A whole name of one or two characters.
    Whole = 4,
    /// A whole name of three letters.
    WholeLetters = 5,
    /// Three characters of an e-mail address up to its `@`.
    Email = 6,
    /// Four digits of a phone number and their place.
    Phone = 7,
    /// The last three digits of a phone number.
    PhoneEnd = 8,
    /// Three characters of an OpenID or UnionID.
    Identifier = 9,
    /// Four digits of a user id.
    Hex = 10,
    /// A numbered text.
    Term = 11,
    /// A metadata key with its value.
    Entry = 12,
    /// Four digits of a user name or of an e-mail address up to its `@`.
    Digits = 13,
    /// Three characters of a user name.
    Username = 14,
}

/// What kind of text a term is; the numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Term {
    /// A metadata key.
    Key = 0,
    /// What follows the `@` of an e-mail address.
    Domain = 1,
    /// A connection that a person is bound by.
    Connection = 2,
    /// May not log in.
    Blocked = 3,
    /// The UnionID is known.
    United = 4,
    /// Everybody has it, so that there is something to take from.
    Everybody = 5,
}

const fn token(space: Space, content: u64) -> Token {
    Token((space as u64) << 44 | (content & ((1 << 44) - 1)))
}

/// Below are the scripts that are written with letters.
const LETTERS_END: u32 = 0x2e80;

fn is_letter(character: char) -> bool {
    u32::from(character) < LETTERS_END
}

fn pack(characters: &[char], bits: u32) -> u64 {
    let mask = (1_u64 << bits) - 1;
    characters.iter().fold(0, |packed, character| {
        packed << bits | (u64::from(u32::from(*character)) & mask)
    })
}

/// One or two characters.
fn few(space: Space, characters: &[char]) -> Token {
    let second = characters
        .get(1)
        .map_or(0, |character| u64::from(u32::from(*character)));
    let first = characters
        .first()
        .map_or(0, |character| u64::from(u32::from(*character)));
    token(space, first << 21 | second)
}

/// Three characters; exact for letters.
fn three(space: Space, characters: &[char]) -> Token {
    token(space, pack(characters, 14))
}

fn phone(place: usize, digits: &[u8]) -> Token {
    token(Space::Phone, (place as u64) << 14 | number(digits))
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number, digit| {
        number * 10 + u64::from(digit.wrapping_sub(b'0') % 10)
    })
}

fn hex(digits: &[u8]) -> Token {
    let content = digits
        .iter()
        .fold(0, |content, digit| content << 8 | u64::from(*digit));
    token(Space::Hex, content)
}

/// A key with its value, as 44 bits of FNV-1a: which of two entries it is, is never in doubt for people, and nothing
/// but what is shown depends on it.
fn entry(key: &str, value: &str) -> Token {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in key.bytes().chain([0]).chain(value.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    token(Space::Entry, hash ^ hash >> 44)
}

/// The texts that are known by number.
pub(super) struct Terms<'a> {
    c: &'a Connection,
    known: HashMap<(Term, String), u64>,
}

/// As many texts are kept at hand; the rest is looked up.
const AT_HAND: usize = 10_000;

impl<'a> Terms<'a> {
    pub(super) fn of(c: &'a Connection) -> Self {
        Self {
            c,
            known: HashMap::new(),
        }
    }

    /// The token of a text, which gets a number if it has none.
    fn of_text(&mut self, term: Term, text: &str) -> Result<Token, Error> {
        let asked = (term, text.to_owned());
        if let Some(number) = self.known.get(&asked) {
            return Ok(token(Space::Term, *number));
        }
        let number = if let Some(number) = find(self.c, term, text)? {
            number
        } else {
            self.c
                .prepare_cached("INSERT INTO terms (kind, text) VALUES (?1, ?2)")?
                .execute(params![term as u8, text])?;
            self.c.last_insert_rowid().cast_unsigned()
        };
        if self.known.len() < AT_HAND {
            self.known.insert(asked, number);
        }
        Ok(token(Space::Term, number))
    }
}

fn find(c: &Connection, term: Term, text: &str) -> Result<Option<u64>, Error> {
    Ok(
        c.prepare_cached("SELECT number FROM terms WHERE kind = ?1 AND text = ?2")?
            .query_row(params![term as u8, text], |row| row.get::<_, i64>(0))
            .optional()?
            .map(i64::cast_unsigned),
    )
}

/// The token of a numbered text; `None` if nobody has it.
pub(super) fn term(c: &Connection, term: Term, text: &str) -> Result<Option<Token>, Error> {
    Ok(find(c, term, text)?.map(|number| token(Space::Term, number)))
}

/// The tokens of all texts of a kind that fit.
pub(super) fn terms_like(
    c: &Connection,
    term: Term,
    fits: impl Fn(&str) -> bool,
) -> Result<Vec<Token>, Error> {
    let mut statement = c.prepare_cached("SELECT number, text FROM terms WHERE kind = ?1")?;
    let mut rows = statement.query([term as u8])?;
    let mut tokens = Vec::new();
    while let Some(row) = rows.next()? {
        if super::columns::text_at(row, 1)?.is_some_and(&fits) {
            tokens.push(token(Space::Term, row.get::<_, i64>(0)?.cast_unsigned()));
        }
    }
    Ok(tokens)
}

/// Gives every token of a person, some more than once.
pub(super) fn tokens_of(
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

fn are_letters(characters: &[char]) -> bool {
    characters.iter().copied().all(is_letter)
}

fn are_digits(characters: &[char]) -> bool {
    characters.iter().all(char::is_ascii_digit)
}

fn digits(four: &[char]) -> Token {
    let number = four.iter().fold(0, |number, digit| {
        number * 10 + u64::from(digit.to_digit(10).unwrap_or(0))
    });
    token(Space::Digits, number)
}

/// An e-mail address up to and with its last `@`, and what follows it.
fn split_email(email: &str) -> (&str, Option<&str>) {
    match email.rfind('@') {
        Some(at) => (&email[..=at], Some(&email[at + 1..])),
        None => (email, None),
    }
}

/// Where to look for something in the index.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Rows with all of the tokens fit so, for certain.
    pub(super) sure: Vec<(Fit, Vec<Token>)>,
    /// Rows with a token of the span fit so, for certain.
    pub(super) spans: Vec<(Fit, RangeInclusive<Token>)>,
    /// Rows with all of the tokens may fit, by this part of the person.
    pub(super) unsure: Vec<(Part, Vec<Token>)>,
    /// Whether rows that are sure by a phone number or a user name are looked at if they are few, because it may be the
    /// whole of it.
    pub(super) may_be_whole: bool,
}

/// The part of a person that has to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
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
pub(super) fn plan(c: &Connection, wanted: &Wanted) -> Result<Plan, Error> {
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
