//! Who sends a request, and whose people it is about.

use super::{
    user::{Portrait, Token},
    wire::Fault,
};
use crate::{
    App, Error,
    account::{self, Asker, Locale},
    facades::{Call, PoolHints, pool_of},
    login::{self, Door, Rejected, Via, Which},
    session::{self, Bearer, Grant, Issued},
    store::{Application, SessionKey},
};
use serde_json::{Map, Value};
use std::sync::Arc;
use yaopai_domain::{AttemptId, ConnectionKind, PoolId, Refusal, UserId, Verdict};

/// Name of this facade in attempts.
pub(in crate::facades) const FACADE: &str = "authing";
/// What the tokens of this facade are good for.
pub(super) const SCOPE: &str = "openid profile authing";
/// The word in [`SCOPE`] that opens a person's own room. Who logs people in by OpenID Connect never gets it.
const OWN: &str = "authing";

/// Who sends a request.
pub(super) struct Caller {
    pub(super) app: Arc<App>,
    /// By what attempts know the request.
    pub(super) via: Via,
    /// The token that was shown, whatever it is worth: SDKs send stale ones with logins too.
    pub(super) token: Option<String>,
    pool: Option<String>,
    application: Option<String>,
    locale: Locale,
}

impl Caller {
    /// Reads who sends a request. `pool` is what its path or body says, if it says something.
    pub(super) fn of(app: Arc<App>, call: &Call, pool: Option<&str>) -> Self {
        let header = |name: &str| {
            call.header(name)
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let application = header("x-authing-app-id")
            .or_else(|| call.query("app_id").map(str::to_owned))
            .filter(|text| !text.is_empty() && text != "undefined");
        Self {
            app,
            via: via(call),
            token: session::bearer_text(&call.headers).map(str::to_owned),
            pool: pool
                .map(str::to_owned)
                .or_else(|| header("x-authing-userpool-id")),
            application,
            locale: Locale::asked(call.header("x-authing-lang").unwrap_or("zh-CN")),
        }
    }

    /// What the request says ([`Call::fields`]). One that cannot be read is recorded.
    pub(super) async fn fields(&self, call: &Call) -> Result<Map<String, Value>, Fault> {
        match call.fields() {
            Ok(fields) => Ok(fields),
            Err(error) => Err(self.malformed(error.into()).await),
        }
    }

    /// The pool that the request names, or the only one.
    pub(super) async fn place(&self) -> Result<(PoolId, Option<Application>), Fault> {
        let hints = PoolHints {
            pool: self.pool.as_deref(),
            application: self.application.as_deref(),
            either: None,
        };
        pool_of(&self.app, hints).await.map_err(|error| match error {
            Error::NotFound("application") => Fault::new(1001, "应用不存在"),
            Error::NotFound(_) => Fault::new(1000, "用户池不存在"),
            error => error.into(),
        })
    }

    /// The person whose token was shown. It names the pool; a request that names another one is refused.
    pub(super) async fn person(&self) -> Result<Bearer, Fault> {
        let token = self.token.as_deref().ok_or_else(Fault::signed_out)?;
        self.person_of(token).await
    }

    /// The person whose token this is.
    pub(super) async fn person_of(&self, token: &str) -> Result<Bearer, Fault> {
        let bearer = match session::bearer(&self.app, token).await {
            Ok(bearer) if session::says(&bearer.scope, OWN) => bearer,
            Ok(_) | Err(Error::TokenRefused(_)) => {
                if let Ok((pool, _)) = self.place().await {
                    self.reject(&pool, None, Rejected::TokenRefused).await;
                }
                return Err(Fault::signed_out());
            }
            Err(error) => return Err(error.into()),
        };
        let named = self.pool.is_some() || self.application.is_some();
        if named && self.place().await?.0 != bearer.pool {
            return Err(Fault::signed_out());
        }
        Ok(bearer)
    }

    /// [`Caller::person`], if they have logged in lately: what adds or takes a way in asks for more than a token.
    pub(super) async fn fresh_person(&self) -> Result<Bearer, Fault> {
        let bearer = self.person().await?;
        if account::recently_shown(&self.app, &bearer) {
            Ok(bearer)
        } else {
            Err(Fault::stale())
        }
    }

    /// The connection somebody knocks at. What is wrong with it is recorded.
    pub(super) async fn door(&self, which: Which<'_>) -> Result<Door, Fault> {
        let (pool, application) = self.place().await?;
        let offered = application
            .as_ref()
            .map(|application| application.connections.clone());
        let id = application.map(|application| application.id);
        let unknown = || Fault::new(1100, "身份源连接不存在");
        let found = login::door(&self.app, &pool, which, id, self.via.clone()).await;
        let door = found.map_err(|error| match error {
            Error::ConnectionDisabled => Fault::new(1101, "身份源连接已禁用"),
            Error::NotFound(_) => unknown(),
            error => error.into(),
        })?;
        if offers(offered.as_deref(), &door.connection.identifier) {
            Ok(door)
        } else {
            self.reject(&pool, Some(&door), Rejected::UnknownConnection).await;
            Err(unknown())
        }
    }

    /// The connection of mini programs.
    pub(super) async fn mini_program(&self, identifier: Option<&str>) -> Result<Door, Fault> {
        match identifier {
            Some(identifier) => self.door(Which::Identifier(identifier)).await,
            None => self.door(Which::Kind(ConnectionKind::MiniProgram)).await,
        }
    }

    /// Records something that never became a login.
    pub(super) async fn reject(&self, pool: &PoolId, door: Option<&Door>, what: Rejected) {
        let connection = door.map(|door| &door.connection);
        login::reject(&self.app, pool, connection, &self.via, what).await;
    }

    /// Records, if a body is what is wrong, that it came; what to answer.
    pub(super) async fn malformed(&self, fault: Fault) -> Fault {
        if let Ok((pool, _)) = self.place().await {
            self.reject(&pool, None, Rejected::BadRequest).await;
        }
        fault
    }

    /// A user as they are, without a token.
    pub(super) async fn portrait(&self, pool: &PoolId, user: UserId) -> Result<Portrait, Fault> {
        portrait(&self.app, pool, user).await
    }

    /// The person whose token was shown, with that token: the SDKs replace the one they have by it.
    pub(super) async fn portrait_of(&self, bearer: &Bearer) -> Result<Portrait, Fault> {
        let token = self.token.clone().map(|text| Token {
            text,
            expires_at: bearer.expires_at,
            id: None,
            refresh: None,
            expires_in: 0,
        });
        Ok(Portrait {
            token,
            ..self.portrait(&bearer.pool, bearer.user).await?
        })
    }

    /// Begins a session for a user; the user with its token.
    pub(super) async fn let_in(
        &self,
        pool: &PoolId,
        user: UserId,
        attempt: Option<AttemptId>,
    ) -> Result<Portrait, Fault> {
        let application = self.place().await.ok().and_then(|(_, application)| application);
        let application = application.filter(|application| application.pool == *pool);
        let application = application.map(|application| application.id);
        let grant = Grant {
            application: application.as_ref(),
            attempt,
            ..Grant::to(pool, user)
        };
        self.granted(grant).await
    }

    /// Begins this session, with the scope of this facade; the user with its token.
    pub(super) async fn granted(&self, grant: Grant<'_>) -> Result<Portrait, Fault> {
        let grant = Grant {
            scope: SCOPE,
            ..grant
        };
        let token = Some(begin(&self.app, grant).await?);
        Ok(Portrait {
            token,
            ..self.portrait(grant.pool, grant.user).await?
        })
    }

    /// The person whose token was shown, with a fresh one of the same session: it lasts longer by this, but no longer than
    /// any session.
    pub(super) async fn renewed(&self, bearer: &Bearer) -> Result<Portrait, Fault> {
        let app = &self.app;
        let session = app.store.session(SessionKey::Id(bearer.session)).await?;
        let session = session.ok_or_else(Fault::signed_out)?;
        let now = app.clock.now();
        let longest = session.created_at.plus_millis(session::LONGEST_MILLIS);
        let expires_at = now.plus_millis(session::REFRESH_MILLIS).min(longest);
        app.store.touch_session(session.id, now, expires_at).await?;
        let issued = session::issue(app, &session, String::new()).await?;
        let token = Token {
            refresh: None,
            ..token_of(app, issued)
        };
        Ok(Portrait {
            token: Some(token),
            ..self.portrait(&bearer.pool, bearer.user).await?
        })
    }

    /// For whom a one-time code is sent.
    pub(super) fn asker(&self) -> Asker {
        Asker {
            client: self.via.client,
            locale: self.locale,
        }
    }
}

/// Who is knocking, for attempts.
pub(super) fn via(call: &Call) -> Via {
    Via {
        facade: FACADE,
        client: call.client,
        request_id: call.request_id.clone(),
    }
}

/// Begins a session; the token of it that these SDKs keep.
pub(super) async fn begin(app: &App, grant: Grant<'_>) -> Result<Token, Fault> {
    Ok(token_of(app, session::begin(app, grant).await?))
}

fn token_of(app: &App, issued: Issued) -> Token {
    Token {
        id: issued.id_token,
        refresh: Some(issued.refresh_token),
        expires_in: issued.expires_in,
        text: issued.access_token,
        expires_at: app.clock.now().plus_millis(i64::from(issued.expires_in) * 1000),
    }
}

/// A user as they are, without a token.
pub(super) async fn portrait(app: &App, pool: &PoolId, user: UserId) -> Result<Portrait, Fault> {
    let missing = |error| match error {
        Error::NotFound(_) => Fault::no_user(),
        error => error.into(),
    };
    let person = account::person(app, pool, user).await.map_err(missing)?;
    Ok(Portrait {
        pool: pool.clone(),
        person,
        bindings: app.store.bindings(pool, user).await?,
        token: None,
    })
}

/// The user of a verdict, or why there is none.
pub(super) fn user_of(verdict: &Verdict) -> Result<UserId, Fault> {
    match verdict {
        Verdict::LogIn { user_id, .. }
        | Verdict::Create {
            user_id: Some(user_id),
            ..
        } => Ok(*user_id),
        Verdict::Create { user_id: None, .. } | Verdict::Fail { .. } => {
            Err(Fault::new(500, "登录失败，请重试"))
        }
        Verdict::Refuse { refusal, .. } => Err(match refusal {
            Refusal::LoginOnly => Fault::new(2004, "用户不存在：该连接只允许已有账号的用户登录"),
            Refusal::UserBlocked => Fault::new(2005, "账号已被禁用"),
            Refusal::SnapshotUser => Fault::new(1102, "请点击“使用完整服务”后再登录（快照页访客无法登录）"),
            Refusal::TwoUsers => Fault::new(1103, "该微信身份属于两个账号，请联系管理员合并"),
        }),
    }
}

/// Whether an application offers a connection; one that names none offers all.
pub(super) fn offers(connections: Option<&[String]>, identifier: &str) -> bool {
    connections.is_none_or(|offered| offered.is_empty() || offered.iter().any(|one| one == identifier))
}
