//! Phone numbers that WeChat vouches for ("getPhoneNumber").

use crate::{
    Call, Credentials, PhoneCode, WeChat,
    answer::Answer,
    call::{Outgoing, Read, Repeat, dotted, json},
};
use serde_json::{Map, Value, json};
use std::fmt;
use yaopai_domain::Timestamp;

/// A phone number. It prints without its digits, so that logs do not collect numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber {
    country_code: String,
    national: String,
}

impl PhoneNumber {
    /// The number as the whole world writes it: `+`, country code, national number.
    pub fn e164(&self) -> String {
        format!("+{}{}", self.country_code, self.national)
    }

    /// The country code: 1 to 4 digits, `86` for the mainland.
    pub fn country_code(&self) -> &str {
        &self.country_code
    }

    /// The number without the country code.
    pub fn national(&self) -> &str {
        &self.national
    }

    /// Reads `countryCode` (number or text) and `purePhoneNumber`. How `phoneNumber` writes the prefix of a foreign
    /// number is not documented, so it is not read. `None` if there is no number, or none that E.164 can write.
    pub(crate) fn read(members: &Map<String, Value>) -> Option<Self> {
        let digits = |name: &str, lengths: std::ops::RangeInclusive<usize>| {
            let text = match members.get(name)? {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.as_u64()?.to_string(),
                _ => return None,
            };
            let fits = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            fits.then_some(text)
        };
        let country_code = digits("countryCode", 1..=4)?;
        let national = digits("purePhoneNumber", 2..=14)?;
        let fits = country_code.len() + national.len() <= 15 && !country_code.starts_with('0');
        fits.then_some(Self {
            country_code,
            national,
        })
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber(+{} ••••)", self.country_code)
    }
}

impl WeChat {
    /// `POST /wxa/business/getuserphonenumber`: the number of the person who pressed the phone-number button, by the
    /// code of that button. Each call costs money; never repeated, since WeChat takes a code once.
    ///
    /// With `open_id`, WeChat also checks that the code is that person's; without it, the number belongs to whoever
    /// pressed the button.
    pub async fn phone_number(
        &self,
        app: &Credentials,
        code: &PhoneCode,
        open_id: Option<&str>,
        now: Timestamp,
    ) -> Call<PhoneNumber> {
        let mut body = json!({ "code": code.expose() });
        if let Some(open_id) = open_id {
            body["openid"] = json!(open_id);
        }
        let path = "wxa/business/getuserphonenumber";
        let outgoing = Outgoing::post(&self.hosts.api, path, body, &["/code"]);
        let read = json(|answer: &Answer| read(answer, &app.app_id));
        self.with_api_token(app, now, outgoing, Repeat::Never, read).await
    }
}

fn read(answer: &Answer, app_id: &str) -> Read<PhoneNumber> {
    let info = answer.inside("phone_info")?;
    if info.inside("watermark")?.required("appid")? != app_id {
        return Err(info.unexpected("the phone number of another app"));
    }
    let number = PhoneNumber::read(info.members()).ok_or_else(|| info.unexpected("no phone number"))?;
    let lines = vec![
        dotted("purePhoneNumber"),
        format!("countryCode: {}", number.country_code),
    ];
    Ok((number, lines))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::text(json!({"countryCode": "86", "purePhoneNumber": "13800138000"}), Some("+8613800138000"))]
    #[case::number(json!({"countryCode": 86, "purePhoneNumber": "13800138000"}), Some("+8613800138000"))]
    #[case::both_numbers(json!({"countryCode": 852, "purePhoneNumber": 91_234_567}), Some("+85291234567"))]
    #[case::prefix_is_not_read(
        json!({"phoneNumber": "+85291234567", "countryCode": "852", "purePhoneNumber": "91234567"}),
        Some("+85291234567")
    )]
    #[case::no_country(json!({"purePhoneNumber": "13800138000"}), None)]
    #[case::empty(json!({"countryCode": "86", "purePhoneNumber": ""}), None)]
    #[case::letters(json!({"countryCode": "86", "purePhoneNumber": "1380013800x"}), None)]
    #[case::plus(json!({"countryCode": "+86", "purePhoneNumber": "13800138000"}), None)]
    #[case::zero(json!({"countryCode": "086", "purePhoneNumber": "13800138000"}), None)]
    #[case::too_long(json!({"countryCode": "86", "purePhoneNumber": "12345678901234"}), None)]
    #[case::fraction(json!({"countryCode": 8.6, "purePhoneNumber": "13800138000"}), None)]
    fn writes_e164(#[case] info: Value, #[case] expected: Option<&str>) {
        let number = PhoneNumber::read(info.as_object().unwrap());
        assert_eq!(number.as_ref().map(PhoneNumber::e164).as_deref(), expected);
        assert!(
            !format!("{number:?}").contains("138"),
            "the digits are not printed"
        );
    }
}
