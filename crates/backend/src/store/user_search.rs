//! Users, found page by page by what they are, for administrators' scripts.

use super::{
    Reading, Store, StoreError,
    engine::{Value, values},
};
use yaopai_domain::{PoolId, UserId};

/// Columns of a user that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UserColumn {
    /// The id.
    Id,
    /// Whether they may log in.
    Status,
    /// User name.
    Username,
    /// Mail address.
    Email,
    /// Phone number.
    Phone,
    /// Real name.
    Name,
    /// Nickname.
    Nickname,
    /// Avatar.
    AvatarUrl,
    /// When they were created.
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
}

impl UserColumn {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Status => "status",
            Self::Username => "username",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Name => "name",
            Self::Nickname => "nickname",
            Self::AvatarUrl => "avatar_url",
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
        }
    }
}

/// What a column has to be. Moments are milliseconds.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    /// One of these.
    Among(Vec<Value>),
    /// None of these.
    NotAmong(Vec<Value>),
    /// Contains a text, whatever its case.
    Contains(String),
    /// Does not.
    NotContains(String),
    /// Is there.
    Known,
    /// Is not.
    Unknown,
    /// More than this.
    Above(Value),
    /// Less than this.
    Below(Value),
}

/// Which users are asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct UserSearch {
    /// A text that one of these columns contains.
    pub(crate) text: Option<(String, Vec<UserColumn>)>,
    /// All of these.
    pub(crate) tests: Vec<(UserColumn, Test)>,
    /// In which order; then by id. `true`: the greatest first.
    pub(crate) order: Vec<(UserColumn, bool)>,
    /// How many to leave out.
    pub(crate) skip: u32,
    /// How many to answer.
    pub(crate) take: u32,
}

/// A page of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserPage {
    /// How many there are in all.
    pub(crate) total: i64,
    /// Those of the page.
    pub(crate) users: Vec<UserId>,
}

impl Store {
    /// The users that are asked for.
    pub(crate) async fn search_users(
        &self,
        pool: &PoolId,
        search: UserSearch,
    ) -> Result<UserPage, StoreError> {
        self.read((pool.clone(), search), |reading, (pool, search)| {
            Box::pin(find(reading, pool, search))
        })
        .await
    }
}

async fn find(reading: &Reading<'_>, pool: &PoolId, search: &UserSearch) -> Result<UserPage, StoreError> {
    let (filter, values) = filter(pool, search);
    let sql = format!("SELECT count(*) AS total FROM users WHERE {filter}");
    let total = reading.row(&sql, values.clone()).await?;
    let total = total.map_or(Ok(0), |row| row.integer("total"))?;
    let mut order: Vec<String> = search
        .order
        .iter()
        .map(|(column, down)| format!("{}{}", column.as_str(), if *down { " DESC" } else { "" }))
        .collect();
    order.push("id".to_owned());
    let sql = format!(
        "SELECT id FROM users WHERE {filter} ORDER BY {} LIMIT {}",
        order.join(", "),
        search.skip.saturating_add(search.take)
    );
    let rows = reading.rows(&sql, values).await?;
    let users = rows.iter().skip(search.skip as usize).map(|row| row.parsed("id"));
    Ok(UserPage {
        total,
        users: users.collect::<Result<_, _>>()?,
    })
}

/// The condition and its parameters.
fn filter(pool: &PoolId, search: &UserSearch) -> (String, Vec<Value>) {
    let mut parameters = values![pool];
    let mut next = |value: Value| {
        parameters.push(value);
        format!("${}", parameters.len())
    };
    let mut all = vec!["pool = $1".to_owned()];
    if let Some((text, columns)) = &search.text {
        let pattern = pattern(text);
        let any: Vec<String> = columns
            .iter()
            .map(|column| contains(*column, &next(Value::from(&pattern))))
            .collect();
        all.push(format!("({})", any.join(" OR ")));
    }
    for (column, test) in &search.tests {
        let name = column.as_str();
        all.push(match test {
            Test::Among(wanted) | Test::NotAmong(wanted) if wanted.is_empty() => {
                let impossible = matches!(test, Test::Among(_));
                if impossible {
                    "id IS NULL"
                } else {
                    "id IS NOT NULL"
                }
                .to_owned()
            }
            Test::Among(wanted) => {
                let places: Vec<String> = wanted.iter().cloned().map(&mut next).collect();
                format!("{name} IN ({})", places.join(", "))
            }
            Test::NotAmong(wanted) => {
                let places: Vec<String> = wanted.iter().cloned().map(&mut next).collect();
                format!("({name} IS NULL OR {name} NOT IN ({}))", places.join(", "))
            }
            Test::Contains(text) => contains(*column, &next(Value::from(pattern(text)))),
            Test::NotContains(text) => {
                let contains = contains(*column, &next(Value::from(pattern(text))));
                format!("({name} IS NULL OR NOT ({contains}))")
            }
            Test::Known => format!("{name} IS NOT NULL"),
            Test::Unknown => format!("{name} IS NULL"),
            Test::Above(value) => format!("{name} > {}", next(value.clone())),
            Test::Below(value) => format!("{name} < {}", next(value.clone())),
        });
    }
    (all.join(" AND "), parameters)
}

fn contains(column: UserColumn, place: &str) -> String {
    format!("lower({}) LIKE {place} ESCAPE '!'", column.as_str())
}

/// A text as a pattern that stands for itself.
fn pattern(text: &str) -> String {
    let text = text.to_lowercase();
    let text = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{text}%")
}
