//! The errcodes that login flows meet, each with the stem of its errmsg.

macro_rules! errcodes {
    ($($name:ident = $number:literal, $stem:literal;)+) => {
        /// An errcode of WeChat's API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Errcode {
            $(#[doc = $stem] $name = $number,)+
        }

        impl Errcode {
            const ALL: &[Self] = &[$(Self::$name,)+];

            /// The text before the request id.
            pub(crate) fn stem(self) -> &'static str {
                match self {
                    $(Self::$name => $stem,)+
                }
            }
        }
    };
}

errcodes! {
    SystemError = -1, "system error";
    InvalidCredential = 40001, "invalid credential, access_token is invalid or not latest";
    InvalidGrantType = 40002, "invalid grant_type";
    InvalidOpenid = 40003, "invalid openid";
    InvalidAppid = 40013, "invalid appid";
    InvalidAccessToken = 40014, "invalid access_token";
    InvalidCode = 40029, "invalid code";
    InvalidRefreshToken = 40030, "invalid refresh_token";
    InvalidActionName = 40052, "invalid action name";
    InvalidActionInfo = 40053, "invalid action info, please check document";
    InvalidArgs = 40097, "invalid args";
    InvalidAppsecret = 40125, "invalid appsecret";
    InvalidPathLength = 40159, "invalid length for path, or the data is not json string";
    CodeUsed = 40163, "code been used";
    IpNotListed = 40164, "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist";
    InvalidPagePath = 40165, "invalid weapp pagepath";
    InvalidScene = 40169, "invalid length for scene, or the data is not json string";
    InvalidQuery = 40212, "invalid query";
    CodeBlocked = 40226, "code blocked";
    AppsecretFrozen = 40243, "appsecret is frozen";
    AccessTokenMissing = 41001, "access_token missing";
    AppidMissing = 41002, "appid missing";
    RefreshTokenMissing = 41003, "refresh_token missing";
    AppsecretMissing = 41004, "appsecret missing";
    CodeMissing = 41008, "missing code";
    OpenidMissing = 41009, "missing openid";
    InvalidPage = 41030, "invalid page";
    AccessTokenExpired = 42001, "access_token expired";
    RefreshTokenExpired = 42002, "refresh_token expired";
    CodeExpired = 42003, "code expired";
    PasswordChanged = 42007, "access_token and refresh_token invalid after password change";
    GetRequired = 43001, "require GET method";
    PostRequired = 43002, "require POST method";
    HttpsRequired = 43003, "require https";
    SubscribeRequired = 43004, "require subscribe";
    EmptyBody = 44002, "empty post data";
    SchemeQuota = 44990, "url scheme generation limit reached";
    LinkQuota = 44993, "url link generation limit reached";
    DailyQuota = 45009, "reach max api daily quota limit";
    MinuteQuota = 45011, "api minute-quota reach limit  mustslower  retry next minute";
    CodeCount = 45029, "qrcode count out of limit";
    NotMiniProgram = 45063, "accesstoken is not xiaochengxu";
    DataFormat = 47001, "data format error";
    ApiUnauthorized = 48001, "api unauthorized";
    ClearedTooOften = 48006, "forbid to clear quota because of reaching the limit";
    UserUnauthorized = 50001, "user unauthorized";
    UserLimited = 50002, "user limited";
    Punished = 50004, "user not allow to use accesstoken, maybe for punishment";
    NotFollowing = 50005, "user not subscribed";
    AccountFrozen = 50007, "account frozen";
    ComponentUnauthorized = 61003, "component is not authorized by this account";
    IpNotRegistered = 61004, "access clientip is not registered";
    ComponentForbidden = 61007, "api is unauthorized to component";
    ComponentAccount = 61024, "must use api(api_component_token) to get token for component acct";
    RidUnknown = 76001, "rid not found";
    RidInvalid = 76002, "rid is error";
    RidOfOthers = 76003, "could not query this rid for no permission";
    RidTooOld = 76004, "rid is error timeout";
    NothingReleased = 85079, "miniprogram has no online release";
    ScancodeTimeUsed = 85096, "not allow include scancode_time field";
    LinkCount = 85400, "long-lived link count reach limit";
    LinkTime = 85401, "link expire time out of range";
    LinkVersion = 85402, "invalid env_version";
    SessionKeyGone = 87007, "session_key is not existd or expired";
    InvalidSigMethod = 87008, "invalid sig_method";
    InvalidSignature = 87009, "invalid signature";
    ConfirmationPending = 89501, "confirmation of the administrator is pending";
    ConfirmationNeeded = 89503, "ip needs confirmation of the administrator";
    ConfirmationRefusedTwice = 89506, "administrator refused this ip for 24 hours";
    ConfirmationRefused = 89507, "administrator refused this ip for 1 hour";
}

impl Errcode {
    /// The number on the wire.
    pub(crate) fn number(self) -> i32 {
        self as i32
    }

    /// The errcode with this number, if login flows know it.
    pub(crate) fn from_number(number: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.number() == number)
    }
}
