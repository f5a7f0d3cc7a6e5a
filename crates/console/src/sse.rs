//! Server-sent events: a small parser that is fed bytes as they arrive (WHATWG HTML, "Server-sent events").

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SseEvent {
    /// Its name; `message` if the server gave none.
    pub(crate) name: String,
    /// Its data, lines joined by `\n`.
    pub(crate) data: String,
}

/// The stream holds more bytes in one event than any of ours has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event is larger than {} bytes", SseParser::MAX_BYTES)]
pub(crate) struct EventTooLarge;

/// Cuts a byte stream into events, wherever the network cut it.
#[derive(Debug, Default)]
pub(crate) struct SseParser {
    line: Vec<u8>,
    /// The last byte was CR: a following LF belongs to it.
    after_cr: bool,
    name: String,
    data: String,
    has_data: bool,
}

impl SseParser {
    /// An event, or an unfinished line, is at most this long.
    const MAX_BYTES: usize = 1 << 20;

    /// Takes the next bytes; answers the events they complete.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Vec<SseEvent>, EventTooLarge> {
        let mut events = Vec::new();
        for &byte in bytes {
            let ends_line = match byte {
                b'\n' if self.after_cr => {
                    self.after_cr = false;
                    continue;
                }
                b'\n' | b'\r' => true,
                _ => false,
            };
            self.after_cr = byte == b'\r';
            if ends_line {
                events.extend(self.end_line());
            } else {
                if self.line.len() + self.data.len() >= Self::MAX_BYTES {
                    return Err(EventTooLarge);
                }
                self.line.push(byte);
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Option<SseEvent> {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        if line.is_empty() {
            return self.end_event();
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.data.push_str(value);
                self.has_data = true;
            }
            // Comments (an empty field name), `id` and `retry`: hints need no resuming.
            _ => {}
        }
        None
    }

    fn end_event(&mut self) -> Option<SseEvent> {
        let name = std::mem::take(&mut self.name);
        let data = std::mem::take(&mut self.data);
        std::mem::take(&mut self.has_data).then(|| SseEvent {
            name: if name.is_empty() {
                "message".to_owned()
            } else {
                name
            },
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn event(name: &str, data: &str) -> SseEvent {
        SseEvent {
            name: name.to_owned(),
            data: data.to_owned(),
        }
    }

    #[rstest]
    #[case::plain("event: head\ndata: {\"head\":7}\n\n", vec![event("head", "{\"head\":7}")])]
    #[case::carriage_returns("event: head\r\ndata: 1\r\n\r\n", vec![event("head", "1")])]
    #[case::no_name("data: 1\n\n", vec![event("message", "1")])]
    #[case::two_lines("data: 1\ndata:2\n\n", vec![event("message", "1\n2")])]
    #[case::comment_only(": still here\n\n", vec![])]
    #[case::name_without_data("event: head\n\ndata: 1\n\n", vec![event("message", "1")])]
    #[case::unfinished("data: 1\n", vec![])]
    #[case::empty_data("data\n\n", vec![event("message", "")])]
    fn reads_a_stream(#[case] text: &str, #[case] expected: Vec<SseEvent>) {
        assert_eq!(SseParser::default().feed(text.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn refuses_an_endless_line() {
        let mut parser = SseParser::default();
        assert_eq!(
            parser.feed(&vec![b'x'; SseParser::MAX_BYTES + 1]),
            Err(EventTooLarge)
        );
    }

    #[test]
    fn refuses_an_event_of_endless_lines() {
        let mut parser = SseParser::default();
        let lines = "data: xxxxxxxx\n".repeat(SseParser::MAX_BYTES / 8);
        assert_eq!(parser.feed(lines.as_bytes()), Err(EventTooLarge));
    }

    proptest! {
        #[test]
        fn does_not_care_where_the_network_cuts(
            events in proptest::collection::vec(("[a-z]{1,5}", "[^\r\n]{0,12}"), 0..6),
            cuts in proptest::collection::vec(1usize..9, 0..40),
            end in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")],
        ) {
            let texts: Vec<_> = events
                .iter()
                .map(|(name, data)| format!(": comment{end}event: {name}{end}data: {data}{end}{end}"))
                .collect();
            let text = texts.concat();
            let expected: Vec<_> = events.iter().map(|(name, data)| event(name, data)).collect();
            let mut parser = SseParser::default();
            let mut rest = text.as_bytes();
            let mut seen = Vec::new();
            for cut in cuts {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                seen.extend(parser.feed(now).unwrap());
                rest = later;
            }
            seen.extend(parser.feed(rest).unwrap());
            prop_assert_eq!(seen, expected);
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = SseParser::default().feed(&bytes);
        }
    }
}
