//! How an attempt advances: the only moves there are.

use yaopai_domain::{
    AttemptState, Failure, Leg, LegName, LegOutcome, LoginAttempt, Refusal, Timestamp, Verdict,
};

/// One change of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// A leg begins.
    Begin {
        /// Which.
        leg: LegName,
        /// What is asked, without secrets, if it is known already.
        request: Option<String>,
    },
    /// The running leg of that name ends.
    End {
        /// Which.
        leg: LegName,
        /// What it brought.
        report: LegReport,
    },
    /// The attempt moves.
    Move(AttemptState),
    /// The attempt ends.
    Finish {
        /// How.
        state: AttemptState,
        /// The decision, if one was made.
        verdict: Option<Verdict>,
    },
}

/// What a leg brought.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LegReport {
    /// How it ended.
    pub(crate) outcome: LegOutcome,
    /// What was asked, without secrets; absent keeps what was said when it began.
    pub(crate) request: Option<String>,
    /// What was answered, without secrets.
    pub(crate) answer: Vec<String>,
    /// What went wrong.
    pub(crate) failure: Option<Failure>,
}

impl LegReport {
    /// A leg that went well.
    pub(crate) const fn done(answer: Vec<String>) -> Self {
        Self {
            outcome: LegOutcome::Done,
            request: None,
            answer,
            failure: None,
        }
    }

    /// A decision that was made.
    pub(crate) fn decided(verdict: &Verdict) -> Self {
        Self::done(vec![format!("decision: {}", word(verdict))])
    }
}

/// The decision in one word of the wire.
const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::LogIn { .. } => "log_in",
        Verdict::Create { .. } => "create",
        Verdict::Refuse { refusal, .. } => match refusal {
            Refusal::LoginOnly => "refuse (login_only)",
            Refusal::SnapshotUser => "refuse (snapshot_user)",
            Refusal::UserBlocked => "refuse (user_blocked)",
            Refusal::TwoUsers => "refuse (two_users)",
        },
        Verdict::Fail { .. } => "fail",
    }
}

/// Takes all the steps, or none: `None` if one of them is not possible from where the attempt stands.
pub(crate) fn advance(attempt: &LoginAttempt, steps: Vec<Step>, now: Timestamp) -> Option<LoginAttempt> {
    let mut attempt = attempt.clone();
    if attempt.state.is_final() {
        return None;
    }
    for step in steps {
        match step {
            Step::Begin { leg, request } => attempt.legs.push(Leg {
                name: leg,
                started_at: now,
                took_ms: None,
                outcome: LegOutcome::Running,
                request,
                answer: Vec::new(),
                failure: None,
            }),
            Step::End { leg, report } => {
                let running =
                    |candidate: &&mut Leg| candidate.name == leg && candidate.outcome == LegOutcome::Running;
                let leg = attempt.legs.iter_mut().find(running)?;
                leg.outcome = report.outcome;
                leg.took_ms = Some(millis_between(leg.started_at, now));
                leg.request = report.request.or(leg.request.take());
                leg.answer.extend(report.answer);
                leg.failure = report.failure;
            }
            Step::Move(state) => {
                if state.is_final() || !may_move(attempt.state, state) {
                    return None;
                }
                attempt.state = state;
            }
            Step::Finish { state, verdict } => {
                if !state.is_final() || !may_move(attempt.state, state) {
                    return None;
                }
                attempt.state = state;
                attempt.verdict = verdict;
                attempt.finished_at = Some(now);
                for leg in &mut attempt.legs {
                    if leg.outcome == LegOutcome::Running {
                        leg.outcome = outcome_at_the_end(state);
                        leg.took_ms = Some(millis_between(leg.started_at, now));
                    }
                }
            }
        }
    }
    Some(attempt)
}

/// Once a person agreed, the attempt is decided or fails: nothing else can stop it half-way.
const fn may_move(from: AttemptState, to: AttemptState) -> bool {
    use AttemptState::{Cancelled, Confirmed, Decided, Expired, Failed, Refused, Scanned, Waiting};
    match (from, to) {
        (Waiting, Scanned)
        | (Waiting | Scanned, Confirmed | Refused | Expired | Cancelled | Failed)
        | (Confirmed, Decided | Failed) => true,
        (
            Waiting | Scanned | Confirmed | Decided | Refused | Expired | Cancelled | Failed,
            Waiting | Scanned | Confirmed | Decided | Refused | Expired | Cancelled | Failed,
        ) => false,
    }
}

/// What becomes of a leg that runs when the attempt ends.
const fn outcome_at_the_end(state: AttemptState) -> LegOutcome {
    match state {
        AttemptState::Failed => LegOutcome::Failed,
        AttemptState::Expired | AttemptState::Cancelled => LegOutcome::Skipped,
        AttemptState::Waiting
        | AttemptState::Scanned
        | AttemptState::Confirmed
        | AttemptState::Decided
        | AttemptState::Refused => LegOutcome::Done,
    }
}

fn millis_between(start: Timestamp, end: Timestamp) -> u32 {
    // A clock may jump backwards; a leg then took no time.
    u32::try_from(end.millis_since(start).max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use AttemptState::{Cancelled, Confirmed, Decided, Expired, Failed, Refused, Scanned, Waiting};
    use rstest::rstest;
    use yaopai_domain::{ConnectionKind, Purpose};

    const START: Timestamp = Timestamp(1_735_689_600_000);

    fn attempt(state: AttemptState) -> LoginAttempt {
        let uuid = "00000000-0000-7000-8000-000000000000";
        LoginAttempt {
            id: uuid.parse().unwrap(),
            connection_id: Some(uuid.parse().unwrap()),
            kind: Some(ConnectionKind::Pc),
            via: None,
            purpose: Purpose::Test,
            dry_run: true,
            state,
            created_at: START,
            expires_at: START.plus_millis(300_000),
            finished_at: None,
            legs: Vec::new(),
            verdict: None,
        }
    }

    fn begin(leg: LegName) -> Step {
        Step::Begin { leg, request: None }
    }

    #[rstest]
    #[case(Waiting, &[Scanned, Confirmed, Refused, Expired, Cancelled, Failed])]
    #[case(Scanned, &[Confirmed, Refused, Expired, Cancelled, Failed])]
    #[case(Confirmed, &[Decided, Failed])]
    #[case(Decided, &[])]
    #[case(Refused, &[])]
    #[case(Expired, &[])]
    #[case(Cancelled, &[])]
    #[case(Failed, &[])]
    fn knows_every_move(#[case] from: AttemptState, #[case] allowed: &[AttemptState]) {
        for to in [
            Waiting, Scanned, Confirmed, Decided, Refused, Expired, Cancelled, Failed,
        ] {
            let step = if to.is_final() {
                Step::Finish {
                    state: to,
                    verdict: None,
                }
            } else {
                Step::Move(to)
            };
            let after = advance(&attempt(from), vec![step], START);
            assert_eq!(after.is_some(), allowed.contains(&to), "{from:?} → {to:?}");
        }
    }

    #[test]
    fn takes_all_the_steps_or_none() {
        let steps = vec![begin(LegName::Callback), Step::Move(Decided)];
        assert_eq!(advance(&attempt(Waiting), steps, START), None);
        let end = Step::End {
            leg: LegName::Callback,
            report: LegReport::done(Vec::new()),
        };
        assert_eq!(
            advance(&attempt(Waiting), vec![end], START),
            None,
            "no such leg runs"
        );
    }

    #[rstest]
    #[case(Failed, LegOutcome::Failed)]
    #[case(Expired, LegOutcome::Skipped)]
    #[case(Refused, LegOutcome::Done)]
    fn the_end_ends_every_leg(#[case] state: AttemptState, #[case] outcome: LegOutcome) {
        let running = advance(&attempt(Waiting), vec![begin(LegName::LongPoll)], START).unwrap();
        let finish = Step::Finish { state, verdict: None };
        let ended = advance(&running, vec![finish], START.plus_millis(7)).unwrap();
        assert_eq!(ended.finished_at, Some(START.plus_millis(7)));
        assert_eq!(ended.legs[0].outcome, outcome);
        assert_eq!(ended.legs[0].took_ms, Some(7));
    }
}
