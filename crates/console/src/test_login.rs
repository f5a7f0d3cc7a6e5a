//! Test logins: started at the backend, drawn here, followed until there is a verdict.

use crate::{
    Console, Error, PictureFormat, TestLoginView,
    api::{Api, host_and_port},
    qr::Code,
};
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use url::Url;
use yaopai_domain::{
    AttemptId, ConnectionId, ConnectionKind, LoginAttempt, Reach, ServerInfo, WeChatEnvironment, reach,
};

/// Pictures of this many attempts stay at hand.
const PICTURES: usize = 32;
/// A follower that lost its stream asks this often, and gives up after [`ASKED_IN_VAIN`] times.
const ASK_AGAIN: Duration = Duration::from_secs(1);
const ASKED_IN_VAIN: u32 = 10;

/// The codes drawn lately.
#[derive(Default)]
pub(crate) struct Pictures(Mutex<VecDeque<(AttemptId, Code)>>);

impl Pictures {
    fn keep(&self, id: AttemptId, code: Code) {
        let mut pictures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pictures.len() == PICTURES {
            pictures.pop_front();
        }
        pictures.push_back((id, code));
    }

    fn get(&self, id: AttemptId) -> Result<Code, Error> {
        let pictures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = pictures.iter().find(|(of, _)| *of == id);
        found.map(|(_, code)| code.clone()).ok_or(Error::NotFound)
    }
}

impl Console {
    /// Starts a test login and draws its code.
    pub async fn start_test_login(&self, id: ConnectionId, dry_run: bool) -> Result<TestLoginView, Error> {
        let api = &self.parts.api;
        // Asked anew, not remembered: whether a phone gets through depends on it.
        let server = api.server_info().await?;
        let started = api.start_test_login(id, dry_run).await?;
        let code = Code::draw(&started.drawing).map_err(|error| api.unexpected(format_args!("{error}")))?;
        let kind = started.attempt.kind;
        let kind = kind.ok_or_else(|| api.unexpected(format_args!("a test login of no kind")))?;
        let way_back = WayBack::of(kind, &server);
        let view = TestLoginView {
            qr: code.picture(),
            reachable_from_phone: way_back.reachable,
            callback_host: way_back.host,
            attempt: started.attempt,
        };
        self.parts.pictures.keep(view.attempt.id, code);
        Ok(view)
    }

    /// Calls `each` with every new state of an attempt until it is final.
    ///
    /// A broken stream is opened again; meanwhile the backend is asked once a second. Fails when it did not answer ten
    /// times in a row, or does not know the attempt.
    pub async fn follow_attempt(
        &self,
        id: AttemptId,
        mut each: impl FnMut(LoginAttempt) + Send,
    ) -> Result<(), Error> {
        let api = &self.parts.api;
        let mut follower = Follower {
            last: None,
            each: &mut each,
        };
        let mut in_vain = 0;
        loop {
            let before = follower.last.clone();
            let lost = match follower.listen(api, id).await {
                Ok(()) if follower.is_over() => return Ok(()),
                Ok(()) => None,
                Err(error) => Some(error),
            };
            match lost {
                Some(error @ Error::Backend(_)) if !is_passing(&error) => return Err(error),
                _ => {}
            }
            match api.attempt(id).await {
                Ok(attempt) => {
                    in_vain = 0;
                    follower.see(attempt);
                    if follower.is_over() {
                        return Ok(());
                    }
                }
                Err(error) if is_passing(&error) => {
                    in_vain = if follower.last == before { in_vain + 1 } else { 1 };
                    if in_vain == ASKED_IN_VAIN {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
            tokio::select! {
                () = tokio::time::sleep(ASK_AGAIN) => {}
                () = self.parts.cancelled.cancelled() => return Err(Error::Closed),
            }
        }
    }

    /// Ends an attempt that nobody will scan any more.
    pub async fn cancel_attempt(&self, id: AttemptId) -> Result<(), Error> {
        self.parts.api.cancel_attempt(id).await
    }

    /// The latest attempts, newest first, at most `limit`.
    pub async fn attempts(&self, limit: u32) -> Result<Vec<LoginAttempt>, Error> {
        self.parts.api.attempts(limit).await
    }

    /// The picture of a code drawn in this session, as file bytes. WeChat's own codes have no SVG.
    pub fn picture(&self, id: AttemptId, format: PictureFormat) -> Result<Vec<u8>, Error> {
        Ok(self.parts.pictures.get(id)?.file(format)?)
    }

    /// The picture of a code drawn in this session, as `(width, height, RGBA bytes)` for the clipboard.
    pub fn pixels(&self, id: AttemptId) -> Result<(u32, u32, Vec<u8>), Error> {
        Ok(self.parts.pictures.get(id)?.pixels()?)
    }
}

/// Whether the same call may succeed in a moment.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::BackendUnreachable { .. }
        | Error::IncompleteAnswer { .. }
        | Error::UnexpectedAnswer { .. } => true,
        Error::Backend(problem) => problem.status >= 500,
        _ => false,
    }
}

/// Shows each state once.
struct Follower<'a, F> {
    last: Option<LoginAttempt>,
    each: &'a mut F,
}

impl<F: FnMut(LoginAttempt) + Send> Follower<'_, F> {
    /// Follows the stream until it ends or breaks.
    async fn listen(&mut self, api: &Api, id: AttemptId) -> Result<(), Error> {
        let mut events = api.attempt_events(id).await?;
        while let Some(event) = events.next().await? {
            if event.name != "attempt" {
                continue;
            }
            let attempt = serde_json::from_str(&event.data)
                .map_err(|_| api.unexpected(format_args!("an event that is no attempt")))?;
            self.see(attempt);
            if self.is_over() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn see(&mut self, attempt: LoginAttempt) {
        if self.last.as_ref() != Some(&attempt) {
            self.last = Some(attempt.clone());
            (self.each)(attempt);
        }
    }

    fn is_over(&self) -> bool {
        self.last.as_ref().is_some_and(|attempt| attempt.state.is_final())
    }
}

/// How a phone gets back to us after the scan.
#[derive(Debug, PartialEq, Eq)]
struct WayBack {
    /// The host it calls, with a port that is not the usual one; none if it calls nobody.
    host: Option<String>,
    /// Whether it can.
    reachable: bool,
}

impl WayBack {
    fn of(kind: ConnectionKind, server: &ServerInfo) -> Self {
        // Tests of websites and mobile apps go through WeChat's long poll: the phone calls nobody.
        let polls = matches!(kind, ConnectionKind::Pc | ConnectionKind::Mobile);
        let ours = server.public_url.parse::<Url>().ok().filter(|_| !polls);
        let Some(ours) = ours else {
            return Self {
                host: None,
                reachable: polls,
            };
        };
        Self {
            host: Some(host_and_port(&ours)),
            reachable: match &server.wechat {
                // The sandbox's phone is a page on this machine.
                WeChatEnvironment::Sandbox { .. } => true,
                WeChatEnvironment::Real => reach(&ours) == Reach::Public,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use yaopai_domain::Role;

    const LOCAL: &str = "http://127.0.0.1:8060/";
    const LAN: &str = "http://192.168.1.7:8060/";
    const PUBLIC: &str = "https://id.example.com/";

    #[rstest]
    #[case::website_calls_nobody(ConnectionKind::Pc, LOCAL, false, None, true)]
    #[case::mobile_app_calls_nobody(ConnectionKind::Mobile, LOCAL, false, None, true)]
    #[case::wechat_pushes_events(ConnectionKind::FollowCode, PUBLIC, false, Some("id.example.com"), true)]
    #[case::page_comes_back_to_this_machine(
        ConnectionKind::WebpageAuthorization,
        LOCAL,
        false,
        Some("127.0.0.1:8060"),
        false
    )]
    #[case::page_comes_back_to_this_network(
        ConnectionKind::WebpageAuthorization,
        LAN,
        false,
        Some("192.168.1.7:8060"),
        false
    )]
    #[case::page_comes_back_from_anywhere(
        ConnectionKind::WebpageAuthorization,
        PUBLIC,
        false,
        Some("id.example.com"),
        true
    )]
    #[case::mini_program_posts_to_this_machine(
        ConnectionKind::MiniProgram,
        LOCAL,
        false,
        Some("127.0.0.1:8060"),
        false
    )]
    #[case::mini_program_posts_from_anywhere(
        ConnectionKind::MiniProgram,
        PUBLIC,
        false,
        Some("id.example.com"),
        true
    )]
    #[case::the_sandboxs_phone_is_here(
        ConnectionKind::WebpageAuthorization,
        LOCAL,
        true,
        Some("127.0.0.1:8060"),
        true
    )]
    fn says_whether_a_phone_gets_back(
        #[case] kind: ConnectionKind,
        #[case] public_url: &str,
        #[case] sandbox: bool,
        #[case] host: Option<&str>,
        #[case] reachable: bool,
    ) {
        let server = ServerInfo {
            version: "0".to_owned(),
            pool_name: "Default".to_owned(),
            public_url: public_url.to_owned(),
            wechat: if sandbox {
                WeChatEnvironment::Sandbox {
                    url: LOCAL.to_owned(),
                }
            } else {
                WeChatEnvironment::Real
            },
            role: Role::Admin,
        };
        let expected = WayBack {
            host: host.map(str::to_owned),
            reachable,
        };
        assert_eq!(WayBack::of(kind, &server), expected);
    }
}
