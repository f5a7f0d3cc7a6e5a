//! Lists: the first page, the page in the middle and the last one, under every order.

use super::{Times, timed};
use std::path::Path;
use yaopai_console::{SortBy, UserQuery, UserSort, measure::Lists};

const ROUNDS: usize = 51;
const LIMIT: u32 = 100;

/// Prints a line an order.
pub(crate) fn run(replica: &Path) -> anyhow::Result<()> {
    let lists = Lists::open(replica)?;
    println!(
        "{:<22} {:>9} {:>11} {:>9} {:>7} {:>12} {:>10}",
        "order", "first ms", "middle ms", "last ms", "ratio", "leap there", "leap last"
    );
    for by in [
        SortBy::Created,
        SortBy::LastSeen,
        SortBy::Name,
        SortBy::Phone,
        SortBy::WechatId,
        SortBy::Status,
        SortBy::Updated,
    ] {
        for descending in [false, true] {
            let query = UserQuery {
                sort: UserSort {
                    by: Some(by),
                    descending,
                },
                limit: LIMIT,
                ..UserQuery::default()
            };
            let first = lists.users(&query)?;
            let pages = first.total / LIMIT;
            // Page 5,000, or the middle of a smaller list; the page before tells where it begins.
            let middle = pages.min(10_000) / 2 * LIMIT;
            let last = first.total.saturating_sub(LIMIT);
            let before = |position: u32| {
                let before = lists.users_at(&query, position - LIMIT)?;
                anyhow::Ok(UserQuery {
                    after: before.next,
                    ..query.clone()
                })
            };
            let page = |query: &UserQuery| -> anyhow::Result<f64> {
                let mut times = Vec::with_capacity(ROUNDS);
                for _ in 0..ROUNDS {
                    let (page, took) = timed(|| lists.users(query));
                    anyhow::ensure!(page?.rows.len() == LIMIT as usize, "a full page");
                    times.push(took);
                }
                Ok(Times::new(times).within(50))
            };
            let times = [page(&query)?, page(&before(middle)?)?, page(&before(last)?)?];
            let slowest = times.iter().copied().fold(0.0, f64::max);
            let leap = |position: u32| -> anyhow::Result<f64> {
                let times = (0..5)
                    .map(|_| {
                        let (page, took) = timed(|| lists.users_at(&query, position));
                        page.map(|_| took)
                    })
                    .collect::<Result<_, _>>()?;
                Ok(Times::new(times).within(50))
            };
            println!(
                "{:<22} {:>9.2} {:>11.2} {:>9.2} {:>7.2} {:>12.1} {:>10.1}",
                format!("{by:?} {}", if descending { "down" } else { "up" }),
                times[0],
                times[1],
                times[2],
                slowest / times[0],
                leap(middle)?,
                leap(last)?
            );
        }
    }
    Ok(())
}
