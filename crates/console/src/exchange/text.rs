//! The text of a file: in which encoding it is, and how it is read as UTF-8.

use super::file::failed;
use crate::Error;
use encoding_rs::{Decoder, DecoderResult, Encoding, GB18030, UTF_8};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

/// Read at once.
const PIECE: usize = 64 << 10;
/// A first line is looked at up to here.
const FIRST_LINE: u64 = 1 << 20;

/// The encoding that a file is in: the one its byte order mark names, or UTF-8, or GB18030, in which Chinese spreadsheets
/// save tables (GBK is a part of it). An error if it is none of them.
pub(super) fn encoding_of(path: &Path) -> Result<&'static Encoding, Error> {
    let mut first = Vec::new();
    let mut file = File::open(path).map_err(failed(path))?.take(3);
    file.read_to_end(&mut first).map_err(failed(path))?;
    let candidates = match Encoding::for_bom(&first) {
        Some((named, _)) => vec![named],
        None => vec![UTF_8, GB18030],
    };
    for encoding in candidates {
        if is_in(path, encoding)? {
            return Ok(encoding);
        }
    }
    Err(Error::UnknownEncoding(path.to_owned()))
}

/// Whether every byte of a file makes sense in an encoding.
fn is_in(path: &Path, encoding: &'static Encoding) -> Result<bool, Error> {
    let mut file = File::open(path).map_err(failed(path))?;
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let (mut piece, mut text) = (vec![0; PIECE], vec![0; PIECE]);
    loop {
        let length = file.read(&mut piece).map_err(failed(path))?;
        let mut rest = &piece[..length];
        loop {
            let (result, read, _) = decoder.decode_to_utf8_without_replacement(rest, &mut text, length == 0);
            rest = &rest[read..];
            match result {
                DecoderResult::Malformed(..) => return Ok(false),
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
            }
        }
        if length == 0 {
            return Ok(true);
        }
    }
}

/// The text of a file from its beginning, as UTF-8 and without a byte order mark.
pub(super) fn text(path: &Path, encoding: &'static Encoding) -> Result<BufReader<Text>, Error> {
    let text = Text {
        file: BufReader::with_capacity(PIECE, File::open(path).map_err(failed(path))?),
        decoder: encoding.new_decoder_with_bom_removal(),
        ended: false,
    };
    // The decoder needs room for a character or two, so it writes into a buffer of ours.
    Ok(BufReader::with_capacity(PIECE, text))
}

/// The first line of a text, with its end.
pub(super) fn first_line(path: &Path, encoding: &'static Encoding) -> Result<String, Error> {
    let mut line = String::new();
    let mut text = text(path, encoding)?.take(FIRST_LINE);
    text.read_line(&mut line).map_err(failed(path))?;
    Ok(line)
}

/// See [`text`].
pub(super) struct Text {
    file: BufReader<File>,
    decoder: Decoder,
    ended: bool,
}

impl Read for Text {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !self.ended {
            let piece = self.file.fill_buf()?;
            let last = piece.is_empty();
            let (result, read, written, _) = self.decoder.decode_to_utf8(piece, out, last);
            self.file.consume(read);
            self.ended = last && result == encoding_rs::CoderResult::InputEmpty;
            if written > 0 {
                return Ok(written);
            }
        }
        Ok(0)
    }
}
