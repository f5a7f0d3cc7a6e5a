//! Codes that are drawn on one screen and confirmed on another; any instance answers either.

use super::{Reading, Store, StoreError, Writing, engine::values};
use yaopai_domain::{ApplicationId, PoolId, Timestamp, UserId};

/// Expired codes are told as such for this long.
const KEPT_EXPIRED: i64 = 60 * 60 * 1000;
/// So long after the person agreed the first screen can take the login.
const CONFIRMED_LIVES: i64 = 5 * 60 * 1000;

/// How far a code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QrState {
    /// Drawn.
    Waiting,
    /// A person looks at it.
    Scanned,
    /// The person agreed.
    Confirmed,
    /// The person did not.
    Cancelled,
    /// The ticket was used.
    Exchanged,
}

impl QrState {
    const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Scanned,
        Self::Confirmed,
        Self::Cancelled,
        Self::Exchanged,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Scanned => "scanned",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
            Self::Exchanged => "exchanged",
        }
    }

    /// From where a code gets here.
    const fn from(self) -> &'static [Self] {
        match self {
            Self::Waiting => &[],
            Self::Scanned => &[Self::Waiting],
            Self::Confirmed | Self::Cancelled => &[Self::Waiting, Self::Scanned],
            Self::Exchanged => &[Self::Confirmed],
        }
    }
}

/// Who scans a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scanner {
    /// The user.
    pub(crate) user: UserId,
    /// When they have shown who they are: the login they agree to is no fresher.
    pub(crate) shown_at: Timestamp,
}

/// A code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QrLogin {
    /// What its screen asks by: whoever has it can take the login.
    pub(crate) id: String,
    /// SHA-256 (hex) of what the picture says; none where WeChat's own word stands in it.
    pub(crate) scan_hash: Option<String>,
    /// Whose people it logs in.
    pub(crate) pool: PoolId,
    /// The application it was drawn for.
    pub(crate) application: Option<ApplicationId>,
    /// How it is scanned, in the facade's word.
    pub(crate) scene: String,
    /// How far it is.
    pub(crate) state: QrState,
    /// Who scanned it.
    pub(crate) scanner: Option<Scanner>,
    /// JSON of whoever drew it.
    pub(crate) custom_data: String,
    /// Media type of the picture.
    pub(crate) media_type: String,
    /// The picture.
    pub(crate) picture: Vec<u8>,
    /// When it was drawn.
    pub(crate) created_at: Timestamp,
    /// Until when it can be confirmed; once it is, until when its ticket is good.
    pub(crate) expires_at: Timestamp,
}

impl QrLogin {
    /// Whether it can get there from where it stands, as far as nobody else moves it meanwhile.
    pub(crate) fn may_go(&self, to: QrState, now: Timestamp) -> bool {
        self.expires_at > now && to.from().contains(&self.state)
    }
}

impl Store {
    /// Keeps a new code, and forgets those that expired long ago.
    pub(crate) async fn open_qr_login(&self, login: QrLogin) -> Result<(), StoreError> {
        self.write(login, |writing, login| Box::pin(open(writing, login)))
            .await
    }

    /// The code whose screen asks.
    pub(crate) async fn qr_login(&self, id: &str) -> Result<Option<QrLogin>, StoreError> {
        self.read(id.to_owned(), |reading, id| {
            Box::pin(find(reading, "id = $1", id))
        })
        .await
    }

    /// The code whose picture says what has this hash.
    pub(crate) async fn scanned_qr_login(&self, scan_hash: String) -> Result<Option<QrLogin>, StoreError> {
        self.read(scan_hash, |reading, scan_hash| {
            Box::pin(find(reading, "scan_hash = $1", scan_hash))
        })
        .await
    }

    /// Moves a code on; `false` if it cannot go there, has expired, or somebody else has scanned it.
    pub(crate) async fn move_qr_login(
        &self,
        id: &str,
        to: QrState,
        scanner: Option<Scanner>,
    ) -> Result<bool, StoreError> {
        self.write((id.to_owned(), to, scanner), |writing, (id, to, scanner)| {
            Box::pin(advance(writing, id, *to, *scanner))
        })
        .await
    }

    /// Gives a confirmed code its ticket, once; `false` if it has one, is not confirmed or has expired.
    pub(crate) async fn give_qr_ticket(&self, id: &str, ticket_hash: String) -> Result<bool, StoreError> {
        self.write((id.to_owned(), ticket_hash), |writing, (id, ticket_hash)| {
            Box::pin(async move {
                let sql = "UPDATE qr_login SET ticket_hash = $1 \
                           WHERE id = $2 AND state = 'confirmed' AND ticket_hash IS NULL AND expires_at > $3";
                let values = values![ticket_hash, id, writing.now()];
                Ok(writing.execute(sql, values).await? > 0)
            })
        })
        .await
    }

    /// Uses a ticket up: the code it belongs to, once.
    pub(crate) async fn take_qr_ticket(&self, ticket_hash: String) -> Result<Option<QrLogin>, StoreError> {
        self.write(ticket_hash, |writing, ticket_hash| {
            Box::pin(async move {
                let Some(login) = find(writing, "ticket_hash = $1", ticket_hash).await? else {
                    return Ok(None);
                };
                let taken = advance(writing, &login.id, QrState::Exchanged, None).await?;
                Ok(taken.then_some(login))
            })
        })
        .await
    }
}

async fn open(writing: &Writing<'_>, login: &QrLogin) -> Result<(), StoreError> {
    let sql = "DELETE FROM qr_login WHERE expires_at < $1";
    writing
        .execute(sql, values![writing.now().plus_millis(-KEPT_EXPIRED)])
        .await?;
    let sql = "INSERT INTO qr_login (id, pool, application, scene, state, custom_data, media_type, picture, created_at, \
               expires_at, scan_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = values![
        &login.id,
        &login.pool,
        login.application.as_ref().map(ApplicationId::as_str),
        &login.scene,
        login.state.as_str(),
        &login.custom_data,
        &login.media_type,
        login.picture.as_slice(),
        login.created_at,
        login.expires_at,
        login.scan_hash.as_deref()
    ];
    writing.execute(sql, values).await?;
    Ok(())
}

async fn find(reading: &Reading<'_>, which: &str, value: &str) -> Result<Option<QrLogin>, StoreError> {
    let sql = format!(
        "SELECT id, scan_hash, pool, application, scene, state, user_id, shown_at, custom_data, media_type, picture, \
         created_at, expires_at FROM qr_login WHERE {which}"
    );
    let Some(row) = reading.row(&sql, values![value]).await? else {
        return Ok(None);
    };
    let state = row.text("state")?;
    Ok(Some(QrLogin {
        id: row.text("id")?,
        scan_hash: row.text_or_null("scan_hash")?,
        pool: row.parsed("pool")?,
        application: row.parsed_or_null("application")?,
        scene: row.text("scene")?,
        state: QrState::ALL
            .into_iter()
            .find(|known| known.as_str() == state)
            .ok_or_else(|| StoreError::Unreadable("state: unknown name".to_owned()))?,
        scanner: row
            .parsed_or_null("user_id")?
            .map(|user| {
                let shown_at = row.moment("shown_at")?;
                Ok::<_, StoreError>(Scanner { user, shown_at })
            })
            .transpose()?,
        custom_data: row.text("custom_data")?,
        media_type: row.text("media_type")?,
        picture: row.bytes("picture")?,
        created_at: row.moment("created_at")?,
        expires_at: row.moment("expires_at")?,
    }))
}

async fn advance(
    writing: &Writing<'_>,
    id: &str,
    to: QrState,
    scanner: Option<Scanner>,
) -> Result<bool, StoreError> {
    let Some(login) = find(writing, "id = $1 FOR UPDATE", id).await? else {
        return Ok(false);
    };
    let other = matches!((login.scanner, scanner), (Some(one), Some(other)) if one.user != other.user);
    if other || !login.may_go(to, writing.now()) {
        return Ok(false);
    }
    let expires_at = match to {
        QrState::Confirmed => writing.now().plus_millis(CONFIRMED_LIVES),
        _ => login.expires_at,
    };
    let scanner = scanner.or(login.scanner);
    let sql = "UPDATE qr_login SET state = $1, user_id = $2, shown_at = $3, expires_at = $4 WHERE id = $5 AND state = $6";
    let values = values![
        to.as_str(),
        scanner.map(|scanner| scanner.user),
        scanner.map(|scanner| scanner.shown_at),
        expires_at,
        id,
        login.state.as_str()
    ];
    Ok(writing.execute(sql, values).await? > 0)
}

#[cfg(test)]
mod tests {
    use super::{QrLogin, QrState, Scanner};
    use crate::testing::{Bench, On};
    use futures_util::future::join_all;
    use rstest::rstest;
    use std::sync::Arc;
    use yaopai_domain::{PoolId, UserId};

    #[rstest]
    #[case::sqlite(On::Sqlite)]
    #[case::postgres(On::Postgres)]
    #[tokio::test]
    async fn of_all_who_confirm_one_code_one_is_logged_in(#[case] engine: On) {
        let bench = Bench::on(engine).await;
        let app = &bench.app;
        let now = app.clock.now();
        let login = QrLogin {
            id: "random".to_owned(),
            scan_hash: None,
            pool: PoolId::default(),
            application: None,
            scene: "APP_AUTH".to_owned(),
            state: QrState::Waiting,
            scanner: None,
            custom_data: "{}".to_owned(),
            media_type: "image/png".to_owned(),
            picture: Vec::new(),
            created_at: now,
            expires_at: now.plus_millis(1000),
        };
        app.store.open_qr_login(login).await.unwrap();
        let people: Vec<Scanner> = (0..8)
            .map(|_| Scanner {
                user: UserId::new(app.clock.as_ref(), app.entropy.as_ref()),
                shown_at: now,
            })
            .collect();
        let moves = people.iter().flat_map(|person| {
            [QrState::Scanned, QrState::Confirmed].map(|to| {
                let (store, person) = (Arc::clone(&app.store), *person);
                tokio::spawn(async move {
                    let moved = store.move_qr_login("random", to, Some(person)).await.unwrap();
                    (moved && to == QrState::Confirmed).then_some(person)
                })
            })
        });
        let confirmed: Vec<Scanner> = join_all(moves.collect::<Vec<_>>())
            .await
            .into_iter()
            .filter_map(Result::unwrap)
            .collect();
        let kept = app.store.qr_login("random").await.unwrap().unwrap();
        let named = kept.scanner.unwrap();
        match kept.state {
            QrState::Confirmed => assert_eq!(confirmed, [named]),
            // Whoever scanned it came to confirm before: nobody else could.
            other => assert_eq!((other, confirmed), (QrState::Scanned, Vec::new())),
        }
        let tickets = join_all((0..4).map(|ticket| app.store.give_qr_ticket("random", ticket.to_string())));
        let given = tickets.await.into_iter().filter(|given| *given.as_ref().unwrap());
        assert_eq!(given.count(), usize::from(kept.state == QrState::Confirmed));
    }
}
