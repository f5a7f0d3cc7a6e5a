//! Looking for login attempts.

use super::{
    Reading, Store, StoreError,
    attempts::{ATTEMPT, of_row},
    engine::{Row, values, wire_name},
    narrow::Question,
};
use yaopai_domain::{
    ApplicationId, AttemptId, AttemptState, ConnectionId, Failure, LoginAttempt, PoolId, Timestamp, UserId,
    Verdict, WeChatPerson,
};

/// Attempts that one search looks at; a longer one goes on with the next page, so that nobody holds the database up.
const LOOKED_AT: u32 = 5_000;

/// Which attempts somebody looks for; what is absent does not narrow.
#[derive(Debug, Clone, Default)]
pub(crate) struct AttemptFilter {
    /// That stand so.
    pub(crate) state: Option<AttemptState>,
    /// With this connection.
    pub(crate) connection: Option<ConnectionId>,
    /// Of whom WeChat named by this OpenID or UnionID.
    pub(crate) person: Option<String>,
    /// That came to this user.
    pub(crate) user: Option<UserId>,
    /// That the backend's log knows by this request id.
    pub(crate) request_id: Option<String>,
    /// That WeChat's support knows by this rid.
    pub(crate) rid: Option<String>,
    /// That did not begin before.
    pub(crate) since: Option<Timestamp>,
    /// That began before.
    pub(crate) until: Option<Timestamp>,
    /// Only those that come behind this one.
    pub(crate) after: Option<(Timestamp, String)>,
}

impl AttemptFilter {
    /// What has to be looked for inside the attempts.
    fn finds(&self, attempt: &LoginAttempt) -> bool {
        let person = person(attempt);
        let named = |wanted: &String| {
            person.is_some_and(|person| person.open_id == *wanted || person.union_id.as_ref() == Some(wanted))
        };
        let came = |wanted: &String| {
            let via = attempt.via.as_ref();
            via.and_then(|via| via.request_id.as_ref()) == Some(wanted)
        };
        self.person.as_ref().is_none_or(named)
            && self.user.is_none_or(|wanted| user(attempt) == Some(wanted))
            && self.request_id.as_ref().is_none_or(came)
            && self.rid.as_ref().is_none_or(|wanted| has_rid(attempt, wanted))
    }

    const fn looks_inside(&self) -> bool {
        self.person.is_some() || self.user.is_some() || self.request_id.is_some() || self.rid.is_some()
    }
}

fn person(attempt: &LoginAttempt) -> Option<&WeChatPerson> {
    match attempt.verdict.as_ref()? {
        Verdict::LogIn { person, .. } | Verdict::Create { person, .. } | Verdict::Refuse { person, .. } => {
            Some(person)
        }
        Verdict::Fail { .. } => None,
    }
}

fn user(attempt: &LoginAttempt) -> Option<UserId> {
    match attempt.verdict.as_ref()? {
        Verdict::LogIn { user_id, .. } => Some(*user_id),
        Verdict::Create { user_id, .. } => *user_id,
        Verdict::Refuse { .. } | Verdict::Fail { .. } => None,
    }
}

fn has_rid(attempt: &LoginAttempt, wanted: &str) -> bool {
    let mut failures = attempt.legs.iter().filter_map(|leg| leg.failure.as_ref());
    failures.any(|failure| matches!(failure, Failure::WeChat(error) if error.rid.as_deref() == Some(wanted)))
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FoundAttempts {
    /// Newest first.
    pub(crate) attempts: Vec<LoginAttempt>,
    /// Behind which attempt it can go on; absent if there is nothing more to look at.
    pub(crate) after: Option<(Timestamp, String)>,
}

impl Store {
    /// At most `limit` attempts, newest first. Looks at a few thousand at most, and says where to go on.
    pub(crate) async fn find_attempts(
        &self,
        pool: &PoolId,
        filter: AttemptFilter,
        limit: u32,
    ) -> Result<FoundAttempts, StoreError> {
        self.read((pool.clone(), filter, limit), |reading, (pool, filter, limit)| {
            Box::pin(find(reading, pool, filter, *limit))
        })
        .await
    }

    /// For each of these attempts the application that somebody logged in for, and its name, in the same order.
    pub(crate) async fn applications_of_attempts(
        &self,
        pool: &PoolId,
        attempts: Vec<AttemptId>,
    ) -> Result<Vec<Option<(ApplicationId, String)>>, StoreError> {
        self.read((pool.clone(), attempts), |reading, (pool, attempts)| {
            Box::pin(applications(reading, pool, attempts))
        })
        .await
    }
}

async fn applications(
    reading: &Reading<'_>,
    pool: &PoolId,
    attempts: &[AttemptId],
) -> Result<Vec<Option<(ApplicationId, String)>>, StoreError> {
    let sql =
        "SELECT p.id, p.name FROM attempt a JOIN application p ON p.pool = a.pool AND p.id = a.application
        WHERE a.pool = $1 AND a.id = $2";
    let mut applications = Vec::with_capacity(attempts.len());
    for id in attempts {
        let row = reading.row(sql, values![pool, *id]).await?;
        let named = row.map(|row| Ok::<_, StoreError>((row.parsed("id")?, row.text("name")?)));
        applications.push(named.transpose()?);
    }
    Ok(applications)
}

async fn find(
    reading: &Reading<'_>,
    pool: &PoolId,
    filter: &AttemptFilter,
    limit: u32,
) -> Result<FoundAttempts, StoreError> {
    let mut question = Question::new(&format!("{ATTEMPT} WHERE pool = $1"), values![pool]);
    if let Some(state) = filter.state {
        question.narrow("state = ?", values![wire_name(&state)?]);
    }
    if let Some(connection) = filter.connection {
        question.narrow("connection_id = ?", values![connection]);
    }
    if let Some(since) = filter.since {
        question.narrow("created_at >= ?", values![since]);
    }
    if let Some(until) = filter.until {
        question.narrow("created_at < ?", values![until]);
    }
    if let Some((at, id)) = &filter.after {
        question.narrow(
            "(created_at < ? OR (created_at = ? AND id < ?))",
            values![*at, *at, id],
        );
    }
    let looked_at = if filter.looks_inside() { LOOKED_AT } else { limit };
    // One more than looked at tells whether there is more.
    let (sql, values) = question.ordered("created_at DESC, id DESC", looked_at + 1);
    let rows = reading.rows(&sql, values).await?;
    pick(&rows, filter, limit as usize, looked_at as usize)
}

fn pick(
    rows: &[Row],
    filter: &AttemptFilter,
    limit: usize,
    looked_at: usize,
) -> Result<FoundAttempts, StoreError> {
    let mut found = FoundAttempts::default();
    for (index, row) in rows.iter().enumerate() {
        if found.attempts.len() == limit || index == looked_at {
            let last = &rows[index - 1];
            found.after = Some((last.moment("created_at")?, last.text("id")?));
            break;
        }
        let attempt = of_row(row)?;
        if filter.finds(&attempt) {
            found.attempts.push(attempt);
        }
    }
    Ok(found)
}
