//! A mail server that takes every message and keeps the code inside: as much of SMTP (RFC 5321) as senders need.

use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpListener;

use super::mail;
use crate::platform::Shared;

/// The longest line of a command or a message.
const LINE_LIMIT: u64 = 64 * 1024;
/// The longest message.
const MESSAGE_LIMIT: usize = 4 * 1024 * 1024;

/// Serves until the sandbox stops.
pub(crate) async fn serve(listener: TcpListener, platform: Shared) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = platform.stopping.cancelled() => return,
        };
        let Ok((mut stream, _)) = accepted else { continue };
        let platform = Shared::clone(&platform);
        tokio::spawn(async move {
            let (reading, writing) = stream.split();
            tokio::select! {
                // A sender that hangs up early has nothing to be told.
                _ = converse(BufReader::new(reading), writing, &platform) => {}
                () = platform.stopping.cancelled() => {}
            }
        });
    }
}

/// What a sender said so far.
#[derive(Default)]
struct Envelope {
    sender: bool,
    recipients: Vec<String>,
}

async fn converse(
    mut reading: BufReader<impl AsyncRead + Unpin>,
    mut writing: impl AsyncWrite + Unpin,
    platform: &Shared,
) -> std::io::Result<()> {
    writing.write_all(b"220 sandbox ESMTP\r\n").await?;
    let mut envelope = Envelope::default();
    while let Some(line) = read_line(&mut reading).await? {
        let line = String::from_utf8_lossy(&line).into_owned();
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => "250-sandbox\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN\r\n",
            "HELO" => "250 sandbox\r\n",
            "AUTH" => match rest.split_once(' ') {
                Some((mechanism, _)) if mechanism.eq_ignore_ascii_case("PLAIN") => "235 welcome\r\n",
                None if rest.eq_ignore_ascii_case("PLAIN") => {
                    writing.write_all(b"334 \r\n").await?;
                    if read_line(&mut reading).await?.is_none() {
                        return Ok(());
                    }
                    "235 welcome\r\n"
                }
                _ => "504 only PLAIN\r\n",
            },
            "MAIL" => {
                envelope = Envelope {
                    sender: true,
                    recipients: Vec::new(),
                };
                "250 ok\r\n"
            }
            "RCPT" => match address_in(rest) {
                Some(recipient) if envelope.sender => {
                    envelope.recipients.push(recipient.to_owned());
                    "250 ok\r\n"
                }
                Some(_) => "503 MAIL first\r\n",
                None => "501 no address\r\n",
            },
            "DATA" if envelope.recipients.is_empty() => "503 RCPT first\r\n",
            "DATA" => {
                writing.write_all(b"354 go on\r\n").await?;
                let Some(message) = read_message(&mut reading).await? else {
                    return Ok(());
                };
                deliver(platform, &envelope, &message);
                envelope = Envelope::default();
                "250 ok\r\n"
            }
            "RSET" => {
                envelope = Envelope::default();
                "250 ok\r\n"
            }
            "NOOP" => "250 ok\r\n",
            "QUIT" => {
                return writing.write_all(b"221 bye\r\n").await;
            }
            _ => "502 not here\r\n",
        };
        writing.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}

/// The address between angle brackets.
fn address_in(path: &str) -> Option<&str> {
    let (_, rest) = path.split_once('<')?;
    rest.split_once('>')
        .map(|(address, _)| address.trim())
        .filter(|address| !address.is_empty())
}

/// A line without its end; none when the sender hung up.
async fn read_line(reading: &mut BufReader<impl AsyncRead + Unpin>) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = reading.take(LINE_LIMIT).read_until(b'\n', &mut line).await?;
    while matches!(line.last(), Some(b'\r' | b'\n')) {
        line.pop();
    }
    Ok((read > 0).then_some(line))
}

/// A message up to its lone dot; doubled dots at the beginning of a line are undone.
async fn read_message(reading: &mut BufReader<impl AsyncRead + Unpin>) -> std::io::Result<Option<Vec<u8>>> {
    let mut message = Vec::new();
    while let Some(line) = read_line(reading).await? {
        if line == b"." {
            return Ok(Some(message));
        }
        if message.len() < MESSAGE_LIMIT {
            message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            message.extend_from_slice(b"\r\n");
        }
    }
    Ok(None)
}

fn deliver(platform: &Shared, envelope: &Envelope, message: &[u8]) {
    let Some(code) = mail::code_in(message) else {
        tracing::info!("a mail without a code was thrown away");
        return;
    };
    let mut world = platform.world();
    for recipient in &envelope.recipients {
        world.codebook.keep(recipient, &code);
    }
}
