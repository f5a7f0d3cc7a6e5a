//! Who a WeChat person is: the rules, without a database.
//!
//! The store looks up what is known, asks [`decide`], and writes what was decided, all in one transaction.

use yaopai_domain::{
    Connection, ConnectionId, ConnectionKind, PlatformAccountId, PoolId, Refusal, Timestamp, UserId,
    UserStatus, WeChatPerson, is_anonymous_avatar, is_anonymous_nickname,
};

/// A WeChat person at the door of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    /// Whose users are asked.
    pub(crate) pool: PoolId,
    /// The connection.
    pub(crate) connection_id: ConnectionId,
    /// Its kind.
    pub(crate) kind: ConnectionKind,
    /// Its AppID: the scope of the OpenID.
    pub(crate) app_id: String,
    /// Its platform account: the scope of the UnionID.
    pub(crate) platform_account: PlatformAccountId,
    /// Whether only people who have an account may come in.
    pub(crate) login_only: bool,
    /// Whom WeChat named.
    pub(crate) person: WeChatPerson,
    /// Whether this is a virtual visitor of a snapshot page.
    pub(crate) snapshot_user: bool,
    /// Whether to decide only.
    pub(crate) dry_run: bool,
}

impl Arrival {
    /// A person at a connection of a pool, seen as themselves, to be let in.
    pub(crate) fn at(pool: &PoolId, connection: &Connection, person: WeChatPerson) -> Self {
        Self {
            pool: pool.clone(),
            connection_id: connection.id,
            kind: connection.kind,
            app_id: connection.app_id.clone(),
            platform_account: connection.platform_account,
            login_only: connection.login_only,
            person,
            snapshot_user: false,
            dry_run: false,
        }
    }
}

/// A user who has one of the person's identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holder {
    /// The user.
    pub(crate) user_id: UserId,
    /// Whether the user may log in.
    pub(crate) status: UserStatus,
}

/// What shall happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The person is this user.
    LogIn {
        /// The user.
        user_id: UserId,
        /// Whether the OpenID is new and has to be bound.
        bind_open_id: bool,
        /// Whether the UnionID is new and has to be bound.
        bind_union_id: bool,
    },
    /// The person is new.
    Create,
    /// The person may not come in; nothing changes.
    Refuse(Refusal),
}

/// Decides by design rules 1, 3 and 6, from who has the OpenID and who has the UnionID.
pub(crate) fn decide(arrival: &Arrival, open_id: Option<Holder>, union_id: Option<Holder>) -> Decision {
    if arrival.snapshot_user {
        return Decision::Refuse(Refusal::SnapshotUser);
    }
    let holder = match (open_id, union_id) {
        (Some(one), Some(other)) if one.user_id != other.user_id => {
            return Decision::Refuse(Refusal::TwoUsers);
        }
        (Some(holder), _) | (None, Some(holder)) => holder,
        (None, None) if arrival.login_only => return Decision::Refuse(Refusal::LoginOnly),
        (None, None) => return Decision::Create,
    };
    match holder.status {
        UserStatus::Blocked => Decision::Refuse(Refusal::UserBlocked),
        UserStatus::Active => Decision::LogIn {
            user_id: holder.user_id,
            bind_open_id: open_id.is_none(),
            bind_union_id: union_id.is_none() && arrival.person.union_id.is_some(),
        },
    }
}

/// Whom WeChat named, with what everybody has told apart from what is the person's own (design rule 8).
pub(crate) fn person(
    open_id: String,
    union_id: Option<String>,
    nickname: Option<String>,
    avatar_url: Option<String>,
) -> WeChatPerson {
    let said = nickname.is_some() || avatar_url.is_some();
    let anonymous = said
        && nickname.as_deref().is_none_or(is_anonymous_nickname)
        && avatar_url.as_deref().is_none_or(is_anonymous_avatar);
    WeChatPerson {
        open_id,
        union_id,
        nickname,
        avatar_url,
        anonymous,
    }
}

/// Whether a binding last seen at `last` is worth a new revision at `now`: once a day (UTC), so that logins do not
/// flood the feed.
pub(crate) const fn seen_on_a_new_day(last: Timestamp, now: Timestamp) -> bool {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    now.0.div_euclid(DAY) > last.0.div_euclid(DAY)
}

#[cfg(test)]
mod database_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use yaopai_domain::PoolId;

    fn id(number: u128) -> UserId {
        format!("{number:032x}").parse().unwrap()
    }

    const fn holder(user_id: UserId, status: UserStatus) -> Holder {
        Holder { user_id, status }
    }

    fn active(number: u128) -> Holder {
        holder(id(number), UserStatus::Active)
    }

    fn blocked(number: u128) -> Holder {
        holder(id(number), UserStatus::Blocked)
    }

    fn arrival(union_id: Option<&str>, login_only: bool, snapshot_user: bool) -> Arrival {
        let uuid = "00000000-0000-7000-8000-000000000000";
        Arrival {
            pool: PoolId::default(),
            connection_id: uuid.parse().unwrap(),
            kind: ConnectionKind::Pc,
            app_id: "wx00112233445566aa".to_owned(),
            platform_account: uuid.parse().unwrap(),
            login_only,
            person: person("o1".to_owned(), union_id.map(str::to_owned), None, None),
            snapshot_user,
            dry_run: false,
        }
    }

    fn log_in(number: u128, bind_open_id: bool, bind_union_id: bool) -> Decision {
        Decision::LogIn {
            user_id: id(number),
            bind_open_id,
            bind_union_id,
        }
    }

    #[rstest]
    #[case::known(Some("u"), Some(active(1)), Some(active(1)), log_in(1, false, false))]
    #[case::union_id_becomes_known_later(Some("u"), Some(active(1)), None, log_in(1, false, true))]
    #[case::known_without_union_id(None, Some(active(1)), None, log_in(1, false, false))]
    #[case::arrives_by_another_app(Some("u"), None, Some(active(2)), log_in(2, true, false))]
    #[case::belongs_to_two(
        Some("u"),
        Some(active(1)),
        Some(active(2)),
        Decision::Refuse(Refusal::TwoUsers)
    )]
    #[case::two_and_one_blocked(
        Some("u"),
        Some(blocked(1)),
        Some(active(2)),
        Decision::Refuse(Refusal::TwoUsers)
    )]
    #[case::new(Some("u"), None, None, Decision::Create)]
    #[case::new_without_union_id(None, None, None, Decision::Create)]
    #[case::blocked(Some("u"), Some(blocked(1)), None, Decision::Refuse(Refusal::UserBlocked))]
    #[case::blocked_by_union_id(Some("u"), None, Some(blocked(1)), Decision::Refuse(Refusal::UserBlocked))]
    fn rule_1_one_person_is_one_user(
        #[case] union_id: Option<&str>,
        #[case] open_id_of: Option<Holder>,
        #[case] union_id_of: Option<Holder>,
        #[case] expected: Decision,
    ) {
        assert_eq!(
            decide(&arrival(union_id, false, false), open_id_of, union_id_of),
            expected
        );
    }

    #[rstest]
    #[case::unknown(None, None, Decision::Refuse(Refusal::LoginOnly))]
    #[case::known(Some(active(1)), None, log_in(1, false, true))]
    #[case::known_by_union_id(None, Some(active(1)), log_in(1, true, false))]
    fn rule_3_login_only_never_creates(
        #[case] open_id_of: Option<Holder>,
        #[case] union_id_of: Option<Holder>,
        #[case] expected: Decision,
    ) {
        assert_eq!(
            decide(&arrival(Some("u"), true, false), open_id_of, union_id_of),
            expected
        );
    }

    #[rstest]
    #[case(None, None)]
    #[case(Some(active(1)), None)]
    #[case(None, Some(active(1)))]
    fn rule_6_a_snapshot_visitor_neither_creates_nor_binds(
        #[case] open_id_of: Option<Holder>,
        #[case] union_id_of: Option<Holder>,
    ) {
        assert_eq!(
            decide(&arrival(Some("u"), false, true), open_id_of, union_id_of),
            Decision::Refuse(Refusal::SnapshotUser)
        );
    }

    #[rstest]
    #[case::named(Some("张伟"), None, false)]
    #[case::everybodys_name(Some("微信用户"), None, true)]
    #[case::nothing_said(None, None, false)]
    fn rule_8_knows_an_anonymous_profile(
        #[case] nickname: Option<&str>,
        #[case] avatar: Option<&str>,
        #[case] anonymous: bool,
    ) {
        let person = person(
            "o1".to_owned(),
            None,
            nickname.map(str::to_owned),
            avatar.map(str::to_owned),
        );
        assert_eq!(person.anonymous, anonymous);
    }

    #[rstest]
    #[case(0, 86_399_999, false)]
    #[case(86_399_999, 86_400_000, true)]
    #[case::clock_went_back(86_400_000, 86_399_999, false)]
    fn a_binding_moves_once_a_day(#[case] last: i64, #[case] now: i64, #[case] moves: bool) {
        assert_eq!(seen_on_a_new_day(Timestamp(last), Timestamp(now)), moves);
    }
}
