//! A closed loop of clients: each sends its next request when the last one was answered.

use crate::process::{client, now};
use anyhow::{Result, bail};
use reqwest::{Client, RequestBuilder};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Makes the next request; `None` when there is no more.
pub(crate) type Requests = Box<dyn FnMut(&Client) -> Option<RequestBuilder> + Send>;

/// What a run showed.
pub(crate) struct Figures {
    /// Requests a second.
    pub(crate) per_second: f64,
    /// Half of the requests took at most this long.
    pub(crate) p50: Duration,
    /// 99 of 100 took at most this long.
    pub(crate) p99: Duration,
    /// How many requests there were.
    pub(crate) count: usize,
}

/// Requests out of a queue.
pub(crate) fn queue<T: Send + 'static>(
    items: impl IntoIterator<Item = T>,
    request: impl Fn(&Client, T) -> RequestBuilder + Send + 'static,
) -> Requests {
    let mut items: VecDeque<T> = items.into_iter().collect();
    Box::new(move |client| items.pop_front().map(|item| request(client, item)))
}

/// Sends requests with so many clients, for so long or until there are no more. Every answer has to be a success.
pub(crate) async fn run(clients: usize, duration: Duration, requests: Requests) -> Result<Figures> {
    let requests = Arc::new(Mutex::new(requests));
    let began = now();
    let workers: Vec<_> = (0..clients)
        .map(|_| {
            let requests = Arc::clone(&requests);
            tokio::spawn(async move {
                let http = client()?;
                let mut took = Vec::new();
                while began.elapsed() < duration {
                    let next = requests.lock().unwrap_or_else(PoisonError::into_inner)(&http);
                    let Some(request) = next else { break };
                    let sent = now();
                    let answer = request.send().await?;
                    let status = answer.status();
                    let body = answer.bytes().await?;
                    if !status.is_success() || body.windows(9).any(|part| part == b"\"errcode\"") {
                        bail!("{status}: {}", String::from_utf8_lossy(&body));
                    }
                    took.push(sent.elapsed());
                }
                Ok(took)
            })
        })
        .collect();
    let mut took = Vec::new();
    for worker in workers {
        took.extend(worker.await??);
    }
    let elapsed = began.elapsed();
    took.sort_unstable();
    let at = |part: f64| {
        took.get((took.len() as f64 * part) as usize)
            .copied()
            .unwrap_or_default()
    };
    Ok(Figures {
        per_second: took.len() as f64 / elapsed.as_secs_f64(),
        p50: at(0.5),
        p99: at(0.99),
        count: took.len(),
    })
}
