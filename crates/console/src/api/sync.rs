//! The calls of `/sync/v1`. They fail as [`Failure`]: the rules of the sync care how.

use super::{Api, STREAM_TIMEOUT, Trouble};
use crate::{Error, sync::Failure};
use reqwest::{Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use std::time::Duration;
use yaopai_domain::{
    Code, LoadPlan, LoadRequest, MutationId, Problem, PullPage, PullRequest, PullReset, PushAnswer,
    PushRequest, PushResults, ServerInfo,
};

/// Between two pieces of an answer; a page is ready within a second.
const PIECE_TIMEOUT: Duration = Duration::from_secs(15);
/// The backend gives up on a push after 30 s, and says so.
const PUSH_TIMEOUT: Duration = Duration::from_secs(40);
/// The backend ends a page after about 2 MiB and the one change that crosses it.
const MAX_LINE_BYTES: usize = 16 << 20;

impl Api {
    /// Whom the console is talking to, and what it may do there.
    pub(crate) async fn inform(&self) -> Result<ServerInfo, Failure> {
        self.read(self.manage(Method::GET, &[])).await
    }

    pub(crate) async fn plan(&self, request: &LoadRequest) -> Result<LoadPlan, Failure> {
        self.read(self.sync(Method::POST, "load").json(request)).await
    }

    pub(crate) async fn push(&self, request: &PushRequest) -> Result<PushAnswer, Failure> {
        let request = self.sync(Method::POST, "push").json(request);
        self.read(request.timeout(PUSH_TIMEOUT)).await
    }

    /// What became of edits, whoever pushed them.
    pub(crate) async fn results(&self, ids: &[MutationId]) -> Result<PushResults, Failure> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let request = self.sync(Method::GET, "results").query(&[("ids", ids.join(","))]);
        self.read(request).await
    }

    /// Pages as they arrive.
    pub(crate) async fn pull(&self, request: &PullRequest) -> Result<Pages, Failure> {
        let request = self
            .sync(Method::POST, "pull")
            .json(request)
            .timeout(STREAM_TIMEOUT);
        let response = self
            .try_send(request)
            .await
            .map_err(|trouble| self.failure(trouble))?;
        Ok(Pages {
            api: self.clone(),
            response,
            buffer: Vec::new(),
            searched: 0,
        })
    }

    async fn read<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let response = self
            .try_send(request)
            .await
            .map_err(|trouble| self.failure(trouble))?;
        let body = self
            .body(response)
            .await
            .map_err(|error| self.failure(error.into()))?;
        self.parse(&body).map_err(|error| self.failure(error.into()))
    }

    fn failure(&self, trouble: Trouble) -> Failure {
        match trouble.error {
            Error::Backend(problem) => Failure::Refused {
                problem: *problem,
                told: trouble.told,
                retry_after: trouble.retry_after,
            },
            Error::IncompleteAnswer { host, .. } => Failure::Incomplete { host },
            Error::UnexpectedAnswer { host, what } => {
                tracing::warn!(%host, %what, "not the sync protocol");
                Failure::Unreachable { host }
            }
            _ => Failure::Unreachable { host: self.host() },
        }
    }
}

/// An answer of pages, a line each.
pub(crate) struct Pages {
    api: Api,
    response: Response,
    buffer: Vec<u8>,
    /// So much of the buffer has no end of a line.
    searched: usize,
}

impl Pages {
    /// The next page; `None` at the end. Lines are decoded beside the threads that serve the network.
    pub(crate) async fn next(&mut self) -> Result<Option<PullPage>, Failure> {
        let Some(line) = self.line().await? else {
            return Ok(None);
        };
        let decoded = tokio::task::spawn_blocking(move || decode(&line)).await;
        let host = self.api.host();
        match decoded {
            Ok(Ok(Line::Page(page))) => Ok(Some(*page)),
            Ok(Ok(Line::Reset(reset))) => {
                let reason = serde_json::to_string(&reset.reset).unwrap_or_default();
                Err(Failure::told(Problem::new(Code::SyncReset, reason)))
            }
            Ok(Err(error)) => {
                // serde_json quotes values in its messages; only place and class leave this function.
                tracing::warn!(%host, class = ?error.classify(), column = error.column(), "not a page of changes");
                Err(Failure::Unreachable { host })
            }
            Err(_) => Err(Failure::Unreachable { host }),
        }
    }

    async fn line(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        loop {
            let unsearched = self.buffer.get(self.searched..).unwrap_or_default();
            if let Some(at) = unsearched.iter().position(|byte| *byte == b'\n') {
                let rest = self.buffer.split_off(self.searched + at + 1);
                let line = std::mem::replace(&mut self.buffer, rest);
                self.searched = 0;
                return Ok(Some(line));
            }
            self.searched = self.buffer.len();
            let host = self.api.host();
            if self.buffer.len() > MAX_LINE_BYTES {
                tracing::warn!(%host, "a page is too large");
                return Err(Failure::Incomplete { host });
            }
            let piece = tokio::time::timeout(PIECE_TIMEOUT, self.response.chunk()).await;
            match piece {
                Ok(Ok(Some(piece))) => self.buffer.extend_from_slice(&piece),
                Ok(Ok(None)) if self.buffer.is_empty() => return Ok(None),
                // The line under way is lost, and nothing else.
                Ok(Ok(None)) | Err(_) => return Err(Failure::Incomplete { host }),
                Ok(Err(error)) => return Err(self.api.failure(self.api.failed(&error).into())),
            }
        }
    }
}

enum Line {
    Page(Box<PullPage>),
    Reset(PullReset),
}

fn decode(line: &[u8]) -> Result<Line, serde_json::Error> {
    if line.starts_with(b"{\"reset\"") {
        return serde_json::from_slice(line).map(Line::Reset);
    }
    serde_json::from_slice(line).map(Line::Page)
}
