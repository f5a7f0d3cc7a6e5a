//! Lines on their way, compressed so that each can be read as soon as it has arrived.

use axum::http::{HeaderMap, header};
use std::io::{self, Write};
use zstd::stream::write::Encoder;

/// Fast: a page is compressed in less time than it took to read.
const LEVEL: i32 = 1;

/// Whether whoever asks reads zstd.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|coding| coding.split(';').next())
        .any(|coding| coding.trim().eq_ignore_ascii_case("zstd"))
}

/// One compressed stream.
pub(super) struct Packer(Encoder<'static, Vec<u8>>);

impl Packer {
    /// A stream of which nothing was sent.
    pub(super) fn new() -> io::Result<Self> {
        Encoder::new(Vec::new(), LEVEL).map(Self)
    }

    /// What to send for a line.
    pub(super) fn pack(&mut self, line: &[u8]) -> io::Result<Vec<u8>> {
        self.0.write_all(line)?;
        self.0.flush()?;
        Ok(std::mem::take(self.0.get_mut()))
    }

    /// What ends the stream.
    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use rstest::rstest;
    use std::io::Read;

    #[rstest]
    #[case("zstd", true)]
    #[case("gzip, zstd;q=0.8", true)]
    #[case("gzip, br", false)]
    fn knows_who_reads_it(#[case] accepted: &'static str, #[case] wanted: bool) {
        let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
        assert_eq!(is_wanted(&headers), wanted);
    }

    #[test]
    fn a_line_can_be_read_before_the_next_is_sent() {
        let mut packer = Packer::new().unwrap();
        let mut sent = packer.pack(b"first\n").unwrap();
        let mut first = [0; 6];
        zstd::Decoder::new(sent.as_slice())
            .unwrap()
            .read_exact(&mut first)
            .unwrap();
        assert_eq!(&first, b"first\n");
        sent.extend(packer.pack(b"second\n").unwrap());
        sent.extend(packer.finish().unwrap());
        assert_eq!(zstd::decode_all(sent.as_slice()).unwrap(), b"first\nsecond\n");
    }
}
