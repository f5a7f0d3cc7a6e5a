//! Tokens: the short pieces of text by which the search index knows a person.
//!
//! A token is a space of four bits and a content of 44. Of names there are single characters, pairs, and triples of letters,
//! and what they begin with; of phone numbers four digits with their place, so that any part of a number is found exactly;
//! of OpenIDs and UnionIDs every third triple, because a long part contains one of three; of the user id every second
//! group of four digits. Texts that many people share are numbered (`terms`).

mod of_person;
mod plan;
mod terms;

pub(super) use of_person::tokens_of;
pub(super) use plan::{Part, plan};
pub(super) use terms::{Term, Terms, term};

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
