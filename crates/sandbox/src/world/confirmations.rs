//! The administrator's confirmation of addresses that fetch API tokens.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::platform::Errcode;

const HOUR: u64 = 3600;

enum Answer {
    Pending,
    Allowed,
    Refused { times: u32, until: u64 },
}

/// What administrators were asked and what they said, by app and address.
#[derive(Default)]
pub(crate) struct Confirmations(HashMap<(String, IpAddr), Answer>);

impl Confirmations {
    /// Whether this address may go on. The first try asks the administrator.
    pub(crate) fn check(&mut self, app_id: &str, address: IpAddr, now: u64) -> Result<(), Errcode> {
        let answer = self
            .0
            .entry((app_id.to_owned(), address))
            .or_insert(Answer::Refused { times: 0, until: 0 });
        match answer {
            Answer::Allowed => Ok(()),
            Answer::Pending => Err(Errcode::ConfirmationPending),
            Answer::Refused { times, until } if now < *until => Err(if *times < 2 {
                Errcode::ConfirmationRefused
            } else {
                Errcode::ConfirmationRefusedTwice
            }),
            // Asking again after a refusal keeps the count: the second refusal weighs more.
            Answer::Refused { times: 0, .. } => {
                *answer = Answer::Pending;
                Err(Errcode::ConfirmationNeeded)
            }
            Answer::Refused { .. } => Err(Errcode::ConfirmationNeeded),
        }
    }

    /// The administrator answers for every address that waits or was refused. False if none is.
    pub(crate) fn answer(&mut self, app_id: &str, allow: bool, now: u64) -> bool {
        let mut any = false;
        for ((of, _), answer) in &mut self.0 {
            if of != app_id || matches!(answer, Answer::Allowed) {
                continue;
            }
            any = true;
            *answer = if allow {
                Answer::Allowed
            } else {
                let times = 1 + match answer {
                    Answer::Refused { times, .. } => *times,
                    Answer::Pending | Answer::Allowed => 0,
                };
                Answer::Refused {
                    times,
                    until: now + if times < 2 { HOUR } else { 24 * HOUR },
                }
            };
        }
        any
    }
}
