//! WeChat's long poll of a QR code, followed until the person has decided: for websites and for mobile apps.

use super::{
    exchange::confirm,
    running::{Running, Stop, measure},
    step::{LegReport, Step},
};
use std::time::Duration;
use yaopai_domain::{AttemptState, Failure, LegName, LegOutcome};
use yaopai_wechat::{Call, LoginCode, QrState, QrUuid};

/// WeChat's own page asks again after 2 s; a shorter rest only makes the picture livelier.
const REST: Duration = Duration::from_millis(500);
/// Rest after no answer at all; WeChat's own page waits as long.
const REST_AFTER_SILENCE: Duration = Duration::from_secs(5);
/// So many polls in a row may stay without an answer.
const SILENCES_ALLOWED: u32 = 3;

/// What follows from an answer of the long poll.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// Poll again, with this as the known state.
    Poll(QrState),
    /// Exchange the code.
    Exchange(LoginCode),
    /// The attempt ends.
    Finish(AttemptState),
    /// WeChat lost the QR code.
    Lost,
}

/// The state machine of the QR code; a hold that ends without news (408) forgets nothing.
fn next(known: QrState, answer: QrState) -> Next {
    match answer {
        QrState::Waiting => Next::Poll(known),
        QrState::Scanned => Next::Poll(QrState::Scanned),
        QrState::Refused => Next::Finish(AttemptState::Refused),
        QrState::Expired => Next::Finish(AttemptState::Expired),
        QrState::Confirmed(code) => Next::Exchange(code),
        QrState::Broken => Next::Lost,
    }
}

/// Which long poll a QR code has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Of the QR page of a website.
    Page,
    /// Of the OpenSDK.
    Sdk,
}

/// Follows a QR code in the background, until the attempt ends.
pub(super) async fn watch(running: &Running, uuid: QrUuid, form: Form) -> Result<(), Stop> {
    let leg = LegName::LongPoll;
    running.take(vec![Step::Begin { leg, request: None }]).await?;
    let follower = running.clone();
    running.watch(async move {
        if let Err(stop) = follow(&follower, &uuid, form).await {
            follower.stop(&stop).await;
        }
    });
    Ok(())
}

async fn poll(running: &Running, uuid: &QrUuid, form: Form, known: &QrState) -> Call<QrState> {
    let wechat = &running.app.wechat;
    match form {
        Form::Page => wechat.poll_qr(uuid, known, running.app.clock.now()).await,
        Form::Sdk => wechat.poll_sdk_qr(uuid, known).await,
    }
}

async fn follow(running: &Running, uuid: &QrUuid, form: Form) -> Result<(), Stop> {
    let leg = LegName::LongPoll;
    let mut known = QrState::Waiting;
    let mut silences = 0;
    let mut lines: Vec<String> = Vec::new();
    loop {
        let began = running.app.clock.now();
        let call = poll(running, uuid, form, &known).await;
        measure(&running.app, &call, began);
        let fresh: Vec<String> = call
            .answer
            .into_iter()
            .filter(|line| lines.last() != Some(line))
            .collect();
        lines.extend(fresh);
        let report = |outcome, failure| LegReport {
            outcome,
            request: call.request.clone(),
            answer: lines.clone(),
            failure,
        };
        let broken = |error: yaopai_wechat::Error| {
            let failure = Some(Failure::from(error.clone()));
            let report = report(LegOutcome::Failed, failure);
            (vec![Step::End { leg, report }], Stop::Leg(leg, error))
        };
        let (steps, stop) = match call.result {
            Err(yaopai_wechat::Error::Unreachable { .. }) if silences < SILENCES_ALLOWED => {
                silences += 1;
                tokio::time::sleep(REST_AFTER_SILENCE).await;
                continue;
            }
            Err(error) => broken(error),
            Ok(answer) => match next(known.clone(), answer) {
                Next::Poll(state) => {
                    silences = 0;
                    if state == known {
                        tokio::time::sleep(REST).await;
                    } else {
                        running.take(vec![Step::Move(AttemptState::Scanned)]).await?;
                    }
                    known = state;
                    continue;
                }
                Next::Exchange(code) => {
                    let report = report(LegOutcome::Done, None);
                    confirm(running, code, vec![Step::End { leg, report }]).await?;
                    return Ok(());
                }
                Next::Finish(state) => {
                    let report = report(LegOutcome::Done, None);
                    let verdict = None;
                    running
                        .take(vec![Step::End { leg, report }, Step::Finish { state, verdict }])
                        .await?;
                    return Ok(());
                }
                Next::Lost => broken(yaopai_wechat::Error::PageRefused {
                    message: "wx_errcode 500".to_owned(),
                }),
            },
        };
        running.take(steps).await?;
        return Err(stop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn code() -> LoginCode {
        LoginCode::new("c0de")
    }

    #[rstest]
    #[case::nobody_yet(QrState::Waiting, QrState::Waiting, Next::Poll(QrState::Waiting))]
    #[case::scanned(QrState::Waiting, QrState::Scanned, Next::Poll(QrState::Scanned))]
    #[case::a_hold_forgets_nothing(QrState::Scanned, QrState::Waiting, Next::Poll(QrState::Scanned))]
    #[case::agreed(QrState::Scanned, QrState::Confirmed(code()), Next::Exchange(code()))]
    #[case::agreed_between_two_polls(QrState::Waiting, QrState::Confirmed(code()), Next::Exchange(code()))]
    #[case::refused(QrState::Scanned, QrState::Refused, Next::Finish(AttemptState::Refused))]
    #[case::too_late(QrState::Waiting, QrState::Expired, Next::Finish(AttemptState::Expired))]
    #[case::lost(QrState::Scanned, QrState::Broken, Next::Lost)]
    fn follows_the_long_poll(#[case] known: QrState, #[case] answer: QrState, #[case] expected: Next) {
        assert_eq!(next(known, answer), expected);
    }
}
