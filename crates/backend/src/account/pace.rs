//! How fast something may be repeated: rules without a database.

use yaopai_domain::Timestamp;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How often something was done lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// So many times,
    pub(crate) times: u32,
    /// since this moment,
    pub(crate) since: Timestamp,
    /// the last time at this one.
    pub(crate) last: Timestamp,
}

/// How often something may be done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    /// Milliseconds from one time to the next.
    pub(crate) apart: i64,
    /// So many times
    pub(crate) times: u32,
    /// within so many milliseconds.
    pub(crate) within: i64,
}

/// Codes to one phone or address.
pub(crate) const CODES_TO_ONE: Limit = Limit {
    apart: MINUTE,
    times: 10,
    within: DAY,
};
/// Codes asked for from one client address: many people share one.
pub(crate) const CODES_FROM_ONE: Limit = Limit {
    apart: 0,
    times: 60,
    within: HOUR,
};

impl Limit {
    /// The pace after once more, or how many milliseconds to wait for that.
    pub(crate) fn once_more(self, pace: Option<Pace>, now: Timestamp) -> Result<Pace, i64> {
        let fresh = Pace {
            times: 1,
            since: now,
            last: now,
        };
        let Some(pace) = pace else { return Ok(fresh) };
        let wait = left(self.apart, pace.last, now);
        if wait > 0 {
            return Err(wait);
        }
        let wait = left(self.within, pace.since, now);
        if wait == 0 {
            Ok(fresh)
        } else if pace.times < self.times {
            Ok(Pace {
                times: pace.times + 1,
                since: pace.since,
                last: now,
            })
        } else {
            Err(wait)
        }
    }
}

/// How long a user who gave wrong passwords has to wait before the next, in milliseconds: four are free, then 30 s, which
/// double up to an hour. A day without one forgets them.
pub(crate) fn wait_after_wrong_passwords(pace: Option<Pace>, now: Timestamp) -> i64 {
    const FREE: u32 = 4;
    let Some(pace) = pace.filter(|pace| left(DAY, pace.last, now) > 0) else {
        return 0;
    };
    match pace.times.checked_sub(FREE + 1) {
        None => 0,
        Some(doubled) => {
            let wait = (30 * SECOND).saturating_mul(1 << doubled.min(20)).min(HOUR);
            left(wait, pace.last, now)
        }
    }
}

/// The pace after one more wrong password.
pub(crate) fn one_more_wrong_password(pace: Option<Pace>, now: Timestamp) -> Pace {
    let lately = pace.filter(|pace| left(DAY, pace.last, now) > 0);
    Pace {
        times: lately.map_or(1, |pace| pace.times.saturating_add(1)),
        since: lately.map_or(now, |pace| pace.since),
        last: now,
    }
}

/// What is left of `millis` since `then`. A clock that went back makes nobody wait for longer than that.
fn left(millis: i64, then: Timestamp, now: Timestamp) -> i64 {
    (millis - now.millis_since(then).max(0)).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const NOW: Timestamp = Timestamp(1_000_000_000);

    fn pace(times: u32, since: i64, last: i64) -> Pace {
        Pace {
            times,
            since: NOW.plus_millis(-since),
            last: NOW.plus_millis(-last),
        }
    }

    #[rstest]
    #[case::first(None, Ok(pace(1, 0, 0)))]
    #[case::too_soon(Some(pace(1, 59_000, 59_000)), Err(1000))]
    #[case::soon_enough(Some(pace(1, MINUTE, MINUTE)), Ok(pace(2, MINUTE, 0)))]
    #[case::last_of_the_day(Some(pace(9, HOUR, MINUTE)), Ok(pace(10, HOUR, 0)))]
    #[case::one_too_many(Some(pace(10, HOUR, MINUTE)), Err(23 * HOUR))]
    #[case::next_day(Some(pace(10, DAY, MINUTE)), Ok(pace(1, 0, 0)))]
    #[case::clock_went_back(Some(pace(1, -HOUR, -HOUR)), Err(MINUTE))]
    fn codes_keep_a_pace(#[case] before: Option<Pace>, #[case] after: Result<Pace, i64>) {
        assert_eq!(CODES_TO_ONE.once_more(before, NOW), after);
    }

    #[rstest]
    #[case::none(0, 0, 0)]
    #[case::free(4, 0, 0)]
    #[case::first_wait(5, 0, 30 * SECOND)]
    #[case::part_of_it(5, 10 * SECOND, 20 * SECOND)]
    #[case::over(5, 30 * SECOND, 0)]
    #[case::doubled(6, 0, MINUTE)]
    #[case::doubled_again(7, 0, 2 * MINUTE)]
    #[case::an_hour_at_most(12, 0, HOUR)]
    #[case::for_ever(u32::MAX, 0, HOUR)]
    #[case::forgotten(u32::MAX, DAY, 0)]
    fn wrong_passwords_make_the_next_wait(#[case] times: u32, #[case] ago: i64, #[case] wait: i64) {
        let before = (times > 0).then(|| pace(times, ago, ago));
        assert_eq!(wait_after_wrong_passwords(before, NOW), wait);
    }

    #[test]
    fn a_day_without_wrong_passwords_forgets_them() {
        assert_eq!(
            one_more_wrong_password(Some(pace(7, HOUR, HOUR)), NOW),
            pace(8, HOUR, 0)
        );
        assert_eq!(
            one_more_wrong_password(Some(pace(7, DAY, DAY)), NOW),
            pace(1, 0, 0)
        );
    }
}
