//! One call: what is sent, what people may see of it, and what came back.

use crate::{Class, Error, WeChat, answer::Answer, hosts, secret::DOTS};
use serde_json::Value;
use std::time::Duration;
use url::{Url, form_urlencoded::byte_serialize};
use zeroize::Zeroizing;

/// What a call brought, with what a login attempt shows of it.
#[derive(Debug)]
pub struct Call<T> {
    /// The request line with secrets dotted; `None` if a kept answer made the call unnecessary.
    pub request: Option<String>,
    /// The answer as short `name: value` lines, secrets dotted.
    pub answer: Vec<String>,
    /// What it brought.
    pub result: Result<T, Error>,
}

impl<T> Call<T> {
    /// The same call with another value.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Call<U> {
        Call {
            request: self.request,
            answer: self.answer,
            result: self.result.map(change),
        }
    }
}

/// What a call brought when it went well: the value, and the lines that people may see.
pub(crate) type Read<T> = Result<(T, Vec<String>), Error>;

/// Whether a call may be made again when WeChat is busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Never: the first call may have had an effect.
    Never,
    /// Two more times.
    WhenBusy,
}

/// Waits between the tries when WeChat is busy (errcode -1: "two or three times with back-off").
const BACK_OFF: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(600)];

/// The largest answer that is read; pictures of codes are far below.
const LARGEST_ANSWER: usize = 2 * 1024 * 1024;

/// A request on its way, and how people may see it.
#[derive(Clone)]
pub(crate) struct Outgoing {
    url: Url,
    body: Option<Zeroizing<String>>,
    timeout: Option<Duration>,
    shown: String,
    secrets: Vec<Zeroizing<String>>,
}

/// An HTTP answer.
pub(crate) struct Reply {
    pub(crate) host: String,
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Outgoing {
    /// A GET below one of the hosts.
    pub(crate) fn get(base: &Url, path: &str) -> Self {
        let url = hosts::below(base, path);
        Self {
            shown: format!("GET {url}"),
            url,
            body: None,
            timeout: None,
            secrets: Vec::new(),
        }
    }

    /// A POST of a JSON text. Its `confidential` members (JSON pointers) are dotted where people see it.
    pub(crate) fn post(base: &Url, path: &str, mut body: Value, confidential: &[&str]) -> Self {
        let url = hosts::below(base, path);
        let text = Zeroizing::new(body.to_string());
        let mut secrets = Vec::new();
        for pointer in confidential {
            if let Some(secret) = body.pointer_mut(pointer) {
                secrets.extend(secret.as_str().map(|text| Zeroizing::new(text.to_owned())));
                *secret = Value::String(DOTS.to_owned());
            }
        }
        Self {
            shown: format!("POST {url} {body}"),
            url,
            body: Some(text),
            timeout: None,
            secrets,
        }
    }

    /// Adds a parameter that everybody may see.
    pub(crate) fn plain(self, name: &str, value: &str) -> Self {
        let shown: String = byte_serialize(value.as_bytes()).collect();
        self.parameter(name, value, &shown)
    }

    /// Adds a parameter that nobody may see.
    pub(crate) fn secret(mut self, name: &str, value: &str) -> Self {
        self.secrets.push(Zeroizing::new(value.to_owned()));
        self.parameter(name, value, DOTS)
    }

    /// Waits this long for the answer instead of what the HTTP client was built with.
    pub(crate) const fn patient(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// What people may see of it.
    pub(crate) fn shown(&self) -> String {
        self.shown.clone()
    }

    fn parameter(mut self, name: &str, value: &str, shown: &str) -> Self {
        let parameter = format!(
            "{}{name}={shown}",
            if self.url.query().is_none() { '?' } else { '&' }
        );
        // A POST shows its query between the address and the body.
        let address_end = match &self.body {
            Some(_) => self.shown.find(" {").unwrap_or(self.shown.len()),
            None => self.shown.len(),
        };
        self.shown.insert_str(address_end, &parameter);
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    /// WeChat's text with everything taken out that was sent in confidence.
    fn scrub(&self, error: Error) -> Error {
        match error {
            Error::WeChat(mut error) => {
                for secret in self.secrets.iter().filter(|secret| !secret.is_empty()) {
                    let encoded: String = byte_serialize(secret.as_bytes()).collect();
                    for text in [secret.as_str(), &encoded] {
                        error.errmsg = error.errmsg.replace(text, DOTS);
                    }
                }
                Error::WeChat(error)
            }
            other => other,
        }
    }
}

impl WeChat {
    /// Sends a request once.
    pub(crate) async fn send(&self, outgoing: &Outgoing) -> Result<Reply, Error> {
        let host = hosts::host_and_port(&outgoing.url);
        let unreachable = |cause: reqwest::Error| {
            // The cause names the URL with its parameters: only its nature may be told.
            tracing::debug!(%host, timeout = cause.is_timeout(), connect = cause.is_connect(), "no answer");
            Error::Unreachable { host: host.clone() }
        };
        let mut request = match &outgoing.body {
            None => self.http.get(outgoing.url.clone()),
            Some(body) => self
                .http
                .post(outgoing.url.clone())
                .header("content-type", "application/json")
                .body(body.as_str().to_owned()),
        };
        if let Some(timeout) = outgoing.timeout {
            request = request.timeout(timeout);
        }
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                let what = "too large".to_owned();
                return Err(Error::Unexpected { host, what });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { host, status, body })
    }

    /// Sends a request whose answer is JSON, and reads it.
    pub(crate) async fn ask<T>(
        &self,
        outgoing: Outgoing,
        repeat: Repeat,
        read: impl Fn(&Answer) -> Read<T>,
    ) -> Call<T> {
        self.ask_reply(outgoing, repeat, json(read)).await
    }

    /// Sends a request and reads its answer, whatever it is.
    pub(crate) async fn ask_reply<T>(
        &self,
        outgoing: Outgoing,
        repeat: Repeat,
        read: impl Fn(&Reply) -> Read<T>,
    ) -> Call<T> {
        let mut waits = match repeat {
            Repeat::Never => [].iter(),
            Repeat::WhenBusy => BACK_OFF.iter(),
        };
        let read = loop {
            let outcome = match self.send(&outgoing).await {
                Ok(reply) => read(&reply),
                Err(error) => Err(error),
            };
            match outcome {
                Err(error) if error.class() == Some(Class::Retry) => match waits.next() {
                    Some(wait) => tokio::time::sleep(*wait).await,
                    None => break Err(error),
                },
                outcome => break outcome,
            }
        };
        let request = Some(outgoing.shown());
        match read {
            Ok((value, answer)) => Call {
                request,
                answer,
                result: Ok(value),
            },
            Err(error) => {
                let error = outgoing.scrub(error);
                Call {
                    request,
                    answer: error.lines(),
                    result: Err(error),
                }
            }
        }
    }
}

/// Reads a reply as JSON.
pub(crate) fn json<T>(read: impl Fn(&Answer) -> Read<T>) -> impl Fn(&Reply) -> Read<T> {
    move |reply| read(&Answer::read(&reply.host, reply.status, &reply.body)?)
}

/// Reads that it went well, which WeChat says in so many words where there is nothing else to say.
pub(crate) fn ok(answer: &Answer) -> Read<()> {
    let line = answer
        .line("errcode")
        .ok_or_else(|| answer.unexpected("no errcode"))?;
    Ok(((), vec![line]))
}

/// A line for a value that nobody may see.
pub(crate) fn dotted(name: &str) -> String {
    format!("{name}: {DOTS}")
}
