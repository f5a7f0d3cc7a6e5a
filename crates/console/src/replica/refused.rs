//! People whom a connection refused, as the mirror has them.

use super::{
    columns::{Uuid16, json},
    fold::fold,
};
use crate::{Error, RefusedPage, RefusedQuery};
use rusqlite::{Connection, Row, ToSql};
use yaopai_domain::{Refused, RefusedPerson, Timestamp, UserId};

const PAGE_MAX: u32 = 200;

/// What a refused person is found by, folded, one item a line: no search text spans two of them.
pub(super) fn found_by(person: &Refused) -> String {
    let items = [
        person.nickname.as_ref(),
        Some(&person.open_id),
        person.union_id.as_ref(),
    ];
    let lines: Vec<String> = items.into_iter().flatten().map(|item| fold(item)).collect();
    lines.join("\n")
}

/// A page of refused people, latest first, with whoever has an identifier of theirs. A limit of 0 asks only how many there
/// are.
pub(crate) fn refused_people(c: &Connection, query: &RefusedQuery) -> Result<RefusedPage, Error> {
    let mut filter = String::from("true");
    let mut parameters: Vec<(&str, &dyn ToSql)> = Vec::new();
    let search = fold(&query.search).trim().to_owned();
    if !search.is_empty() {
        filter.push_str(" AND instr(found_by, :search)");
        parameters.push((":search", &search));
    }
    let connection = query.connection.map(|id| id.uuid().into_bytes());
    if connection.is_some() {
        filter.push_str(" AND connection_id = :connection");
        parameters.push((":connection", &connection));
    }
    let ends = [query.last_seen.from, query.last_seen.until].map(|end| end.map(|end| end.0));
    for (end, name, condition) in [
        (&ends[0], ":from", " AND last_seen >= :from"),
        (&ends[1], ":until", " AND last_seen < :until"),
    ] {
        if end.is_some() {
            filter.push_str(condition);
            parameters.push((name, end));
        }
    }
    let total = c
        .prepare_cached(&format!("SELECT count(*) FROM refused_people WHERE {filter}"))?
        .query_row(&*parameters, |row| row.get(0))?;

    if query.limit == 0 {
        return Ok(RefusedPage {
            refused: Vec::new(),
            after: None,
            total,
        });
    }
    let place = query.after.as_deref().map(parse_place).transpose()?;
    if let Some((last_seen, row)) = &place {
        filter.push_str(" AND (last_seen, row) < (:last_seen, :row)");
        parameters.push((":last_seen", last_seen));
        parameters.push((":row", row));
    }
    let limit = query.limit.clamp(1, PAGE_MAX) as usize;
    // One more than wanted tells whether there is a next page.
    let wanted = query.limit.clamp(1, PAGE_MAX) + 1;
    parameters.push((":wanted", &wanted));
    let sql = format!(
        "SELECT row, app_id, open_id, connection_id, union_id, nickname, avatar_url, refusal, first_seen,
                last_seen, times
         FROM refused_people WHERE {filter} ORDER BY last_seen DESC, row DESC LIMIT :wanted"
    );
    let mut found = c
        .prepare_cached(&sql)?
        .query_map(&*parameters, |row| Ok((row.get::<_, i64>("row")?, read(row)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    let more = found.len() > limit;
    found.truncate(limit);
    let after = found
        .last()
        .filter(|_| more)
        .map(|(row, person)| format!("{}:{row}", person.last_seen.0));
    let mut refused = Vec::with_capacity(found.len());
    for (_, mut person) in found {
        person.holders = holders(c, &person)?;
        refused.push(person);
    }
    Ok(RefusedPage {
        refused,
        after,
        total,
    })
}

fn parse_place(text: &str) -> Result<(i64, i64), Error> {
    let (last_seen, row) = text.split_once(':').ok_or(Error::NotFound)?;
    let number = |text: &str| text.parse().map_err(|_| Error::NotFound);
    Ok((number(last_seen)?, number(row)?))
}

fn read(row: &Row<'_>) -> rusqlite::Result<RefusedPerson> {
    Ok(RefusedPerson {
        app_id: row.get("app_id")?,
        open_id: row.get("open_id")?,
        connection_id: row.get::<_, Option<Uuid16>>("connection_id")?.map(Uuid16::id),
        union_id: row.get("union_id")?,
        nickname: row.get("nickname")?,
        avatar_url: row.get("avatar_url")?,
        refusal: json(row, "refusal")?,
        holders: Vec::new(),
        first_seen: Timestamp(row.get("first_seen")?),
        last_seen: Timestamp(row.get("last_seen")?),
        times: row.get("times")?,
    })
}

/// The users who have an identifier of a refused person's.
fn holders(c: &Connection, person: &RefusedPerson) -> Result<Vec<UserId>, Error> {
    let wanted = [Some(&person.open_id), person.union_id.as_ref()];
    let mut holders = Vec::new();
    for id in wanted.into_iter().flatten() {
        for user_id in super::search::holders(c, id, &person.app_id)? {
            if !holders.contains(&user_id) {
                holders.push(user_id);
            }
        }
    }
    Ok(holders)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        replica::{
            build::{bare, build_indexes, build_search},
            open_in_memory,
            rows::{Into, Together, put_identity, put_refused, put_user},
        },
        tests::{ambient, binding, user, user_id},
    };
    use yaopai_domain::{PoolId, Refusal};

    /// Somebody who was refused, and a user who has the OpenID meanwhile, in a first load that has all rows.
    fn loading() -> Connection {
        let c = open_in_memory(PoolId::default(), ambient(1)).unwrap();
        bare(&c).unwrap();
        let refused = Refused {
            app_id: "wx1".to_owned(),
            open_id: "open-id-1".to_owned(),
            connection_id: None,
            union_id: None,
            nickname: None,
            avatar_url: None,
            refusal: Refusal::LoginOnly,
            first_seen: Timestamp(1),
            last_seen: Timestamp(1),
            times: 1,
        };
        let mut together = Together::default();
        put_user(&c, 1, 1, &user(1), &mut together, Into::Bare).unwrap();
        put_identity(&c, 1, 2, &binding(1, 1, 1), &mut together, Into::Bare).unwrap();
        put_refused(&c, 1, 3, &refused).unwrap();
        c
    }

    #[test]
    fn who_holds_an_identifier_is_told_once_that_needs_no_look_at_everybody() {
        let c = loading();
        let holders = || {
            let query = RefusedQuery {
                limit: 10,
                ..RefusedQuery::default()
            };
            refused_people(&c, &query).unwrap().refused.remove(0).holders
        };
        assert_eq!(holders(), []);
        while !build_indexes(&c).unwrap().is_whole() {}
        while !build_search(&c).unwrap().is_whole() {}
        assert_eq!(holders(), [user_id(1)]);
    }

    #[test]
    fn a_limit_of_none_counts() {
        let page = refused_people(&loading(), &RefusedQuery::default()).unwrap();
        assert_eq!((page.refused.len(), page.after, page.total), (0, None, 1));
    }
}
