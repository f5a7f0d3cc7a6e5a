//! What a mini program brings besides its login: data sealed with the session key, and phone numbers.
//!
//! A phone number counts only if WeChat gave it for this very person (design rule 7).

use super::{
    Door, Rejected,
    exchange::{row_of, session_place},
    nonce::hash,
    reject,
    running::measure,
};
use crate::{App, Error, store::AppPerson};
use yaopai_wechat::{OpenData, PhoneCode, PhoneNumber, SessionKey};

/// Sealed data is taken this long after WeChat sealed it: a client may keep it and send it late.
const FRESH_MILLIS: i64 = 10 * 60 * 1000;

/// A phone number that WeChat gave for a person of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProvenPhone {
    /// The number.
    pub(crate) number: PhoneNumber,
    /// The person; `None` if WeChat was not told who asks: then it is the number of whoever pressed the button.
    pub(crate) open_id: Option<String>,
}

/// The session key of the person's last login to the mini program. Never leaves the backend.
pub(crate) async fn session_key(app: &App, door: &Door, open_id: &str) -> Result<Option<SessionKey>, Error> {
    let Some(sealed) = app.store.session_key(person(door, open_id)).await? else {
        return Ok(None);
    };
    let row = row_of(&door.connection.app_id, open_id);
    let place = session_place(&door.pool, &row);
    let clear = app.vault.open_bytes(place, &sealed.key_id, &sealed.bytes)?;
    let text = str::from_utf8(&clear).map_err(|_| Error::Internal("a session key is no text"))?;
    Ok(Some(SessionKey::new(text)))
}

/// The data that WeChat sealed for the person (`encryptedData`), opened. It says nothing about who the person is.
///
/// [`Error::TamperedData`] if it does not open, or is of another app.
pub(crate) async fn open_data(
    app: &App,
    door: &Door,
    open_id: &str,
    iv: &str,
    data: &str,
) -> Result<OpenData, Error> {
    let opened = match session_key(app, door, open_id).await? {
        Some(key) => OpenData::open(&key, iv, data, &door.connection.app_id).ok(),
        None => None,
    };
    match opened {
        Some(opened) => Ok(opened),
        None => Err(tampered(app, door).await),
    }
}

/// The phone number behind a code of the phone-number button; remembered for the person if WeChat was told who asks.
pub(crate) async fn phone_by_code(
    app: &App,
    door: &Door,
    open_id: Option<&str>,
    code: PhoneCode,
) -> Result<ProvenPhone, Error> {
    let connection = &door.connection;
    let credentials = app
        .credentials(&door.pool, connection.id, &connection.app_id)
        .await?;
    let began = app.clock.now();
    let call = app.wechat.phone_number(&credentials, &code, open_id, began).await;
    measure(app, &call, began);
    remembered(app, door, open_id, call.result?, None).await
}

/// The phone number in sealed data of the phone-number button, for base libraries that give no code. The same data counts
/// once, for the person whose session key opens it.
pub(crate) async fn phone_by_data(
    app: &App,
    door: &Door,
    open_id: &str,
    iv: &str,
    data: &str,
) -> Result<ProvenPhone, Error> {
    let opened = open_data(app, door, open_id, iv, data).await?;
    let age = app.clock.now().millis_since(opened.sealed_at());
    let Some(number) = opened.phone().filter(|_| age.abs() <= FRESH_MILLIS) else {
        return Err(tampered(app, door).await);
    };
    let sealed = Some(hash(data));
    remembered(app, door, Some(open_id), number, sealed).await
}

/// Whether WeChat gave this phone number (E.164) for the person within the last 10 minutes; that counts once.
pub(crate) async fn take_phone(app: &App, door: &Door, open_id: &str, phone: &str) -> Result<bool, Error> {
    Ok(app.store.take_phone(person(door, open_id), phone).await?)
}

async fn remembered(
    app: &App,
    door: &Door,
    open_id: Option<&str>,
    number: PhoneNumber,
    sealed: Option<String>,
) -> Result<ProvenPhone, Error> {
    if let Some(open_id) = open_id {
        let who = person(door, open_id);
        let counts = app.store.remember_phone(who, &number.e164(), sealed).await?;
        if !counts {
            return Err(tampered(app, door).await);
        }
    }
    Ok(ProvenPhone {
        number,
        open_id: open_id.map(str::to_owned),
    })
}

async fn tampered(app: &App, door: &Door) -> Error {
    let connection = Some(&door.connection);
    reject(app, &door.pool, connection, &door.via, Rejected::TamperedData).await;
    Error::TamperedData
}

fn person(door: &Door, open_id: &str) -> AppPerson {
    AppPerson {
        pool: door.pool.clone(),
        app_id: door.connection.app_id.clone(),
        open_id: open_id.to_owned(),
    }
}
