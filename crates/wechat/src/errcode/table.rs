//! The table of error numbers: `name = number, origin, class; English cause, fix; Chinese cause, fix`.

use super::{Class, Entry, Origin};

macro_rules! errcodes {
    ($($name:ident = $number:literal, $origin:ident, $class:ident;
       $cause:literal, $fix:literal; $cause_zh:literal, $fix_zh:literal;)+) => {
        /// An error number with a known meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Errcode {
            $(#[doc = $cause] $name,)+
        }

        impl Errcode {
            /// Every known number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The meaning of a number; `None` if it is not one that logins meet.
            pub const fn from_number(number: i32) -> Option<Self> {
                match number { $($number => Some(Self::$name),)+ _ => None }
            }

            pub(super) const fn entry(self) -> Entry {
                match self {
                    $(Self::$name => Entry {
                        number: $number,
                        origin: Origin::$origin,
                        class: Class::$class,
                        english: [$cause, $fix],
                        chinese: [$cause_zh, $fix_zh],
                    },)+
                }
            }
        }
    };
}

errcodes! {
    SystemError = -1, Api, Retry;
        "WeChat is busy.",
        "Wait a moment and start again. If it then says 40163, a fresh code is needed.";
        "微信系统繁忙。",
        "稍等片刻再试。如果随后出现 40163，需要重新获取 code。";
    InvalidCredential = 40001, Api, FreshToken;
        "The token was replaced by another program or belongs to another account; when fetching a token, the AppSecret is wrong.",
        "Compare AppID and AppSecret, and move every program that shares this AppID to stable_token.";
        "token 已被其他程序取的新 token 顶掉，或属于另一个账号；如果发生在获取 token 时，则是 AppSecret 有误。",
        "核对 AppID 和 AppSecret，并让共用这个 AppID 的程序都改用 stable_token。";
    InvalidGrantType = 40002, Api, Request;
        "The grant_type is none of authorization_code, refresh_token and client_credential.",
        "Correct the request.";
        "grant_type 不是 authorization_code、refresh_token 或 client_credential 之一。",
        "改正请求参数。";
    InvalidOpenId = 40003, Api, Request;
        "The OpenID is another app's, or does not belong to this token.",
        "Keep an OpenID together with its AppID, and use the pair from one answer.";
        "OpenID 属于另一个应用，或与这个 token 不对应。",
        "OpenID 要和它的 AppID 一起保存，并使用同一次应答里的 token 和 OpenID。";
    InvalidAppId = 40013, Api, Configuration;
        "WeChat knows no such AppID: a typing error, a deleted app, or an original id (gh_…).",
        "Copy the AppID again from WeChat's console, and check that mini program, service account, website and mobile app were not swapped.";
        "微信找不到这个 AppID：可能输入有误、应用已注销，或填成了原始 ID（gh_…）。",
        "从微信后台重新复制 AppID，并确认小程序、服务号、网站应用、移动应用没有混用。";
    InvalidAccessToken = 40014, Api, FreshToken;
        "The token is cut off, or of another kind than this API takes.",
        "Leave room for 512 characters wherever tokens are kept, and keep user tokens and API tokens apart.";
        "token 被截断，或不是该接口所用的那一种。",
        "保存 token 的字段至少留 512 个字符，并区分网页授权 token 与接口 token。";
    InvalidCode = 40029, Api, NewCode;
        "The code expired, belongs to another AppID, is of another kind, or was invented.",
        "Make sure the client uses the AppID of this connection, and exchange a code at once.";
        "code 已过期、属于另一个 AppID、类型不对，或是伪造的。",
        "确认客户端用的是这个连接的 AppID，拿到 code 后立即换取，不要保存。";
    InvalidRefreshToken = 40030, Api, Reauthorise;
        "The refresh token is another app's, damaged or revoked.",
        "Let the person log in again.";
        "refresh_token 属于另一个应用、已损坏或已被撤销。",
        "让用户重新登录。";
    InvalidActionName = 40052, Api, Request;
        "The action_name of the QR code is not one WeChat knows.",
        "Correct the request.";
        "生成二维码时的 action_name 不是微信认识的值。",
        "改正请求参数。";
    InvalidActionInfo = 40053, Api, Request;
        "The scene of the QR code is missing, or longer than 64 characters.",
        "Send a scene of 1 to 64 characters.";
        "二维码的场景值缺失，或超过 64 个字符。",
        "使用 1 到 64 个字符的场景值。";
    InvalidArgs = 40097, Api, Request;
        "A parameter has a wrong type or range.",
        "Correct the request.";
        "参数的类型或取值不对。",
        "改正请求参数。";
    InvalidAppSecret = 40125, Api, Configuration;
        "The AppSecret was reset in WeChat's console, is another app's, or holds a stray blank.",
        "Enter the present AppSecret. If nobody knows it, reset it and replace it everywhere: a reset ends the old one at once.";
        "AppSecret 不正确：可能在微信后台重置过、属于另一个应用，或混入了空格。",
        "填写现用的 AppSecret。如果没人知道，就在后台重置，并更换所有用到它的地方，旧的会立即失效。";
    CodeUsed = 40163, Api, NewCode;
        "The code was exchanged before: the page was reloaded or shared, the callback arrived twice, or a client repeated the call.",
        "Log in again. If it happens often, add connect_redirect=1 to the authorise address and stop clients from repeating the call.";
        "code 已被使用：页面刷新或被转发、回调来了两次，或客户端自动重试。",
        "重新登录。如果经常出现，在授权链接里加上 connect_redirect=1，并关掉客户端的自动重试。";
    IpNotWhitelisted = 40164, Api, Configuration;
        "The backend's address is not on the IP whitelist of the account.",
        "Add the address named in WeChat's text (IPv4 as well as IPv6) to the whitelist. It takes about ten minutes.";
        "后端的 IP 不在该账号的 IP 白名单内。",
        "把微信原文里写明的 IP（IPv4 和 IPv6）加入白名单，约十分钟后生效。";
    InvalidPagePath = 40165, Api, Configuration;
        "The published version of the mini program has no such page.",
        "Publish the page, or correct the path.";
        "小程序的线上版本里没有这个页面。",
        "发布该页面，或改正路径。";
    InvalidPathLength = 40159, Api, Request;
        "The path of the code is empty or too long.",
        "Shorten the path.";
        "小程序码的路径为空或过长。",
        "缩短路径。";
    InvalidScene = 40169, Api, Request;
        "The scene is empty or longer than 32 characters, or the body is not JSON.",
        "Send a scene of 1 to 32 characters, as JSON.";
        "scene 为空或超过 32 个字符，或请求体不是 JSON。",
        "使用 1 到 32 个字符的 scene，并以 JSON 发送。";
    InvalidQuery = 40212, Api, Request;
        "The query of the link is malformed or too long.",
        "Correct the query.";
        "链接的 query 格式不对或过长。",
        "改正 query。";
    CodeBlocked = 40226, Api, Refuse;
        "WeChat rates the person as high risk.",
        "There is nothing to configure; the person may use another WeChat account.";
        "微信判定该用户为高风险，拒绝其登录。",
        "无需调整配置，用户可换一个微信号再试。";
    SecretFrozen = 40243, Api, Configuration;
        "The AppSecret is frozen.",
        "Have the account's administrator unfreeze it in WeChat's console (about ten minutes), or reset it.";
        "AppSecret 已被冻结。",
        "由账号管理员在微信后台解冻（约十分钟后生效），或重置。";
    AccessTokenMissing = 41001, Api, Request;
        "No token was sent: most often fetching it had failed before.",
        "Look for the error of the call that fetches the token.";
        "请求没有带 token，多半是此前获取 token 失败。",
        "查看获取 token 那次调用的错误。";
    AppIdMissing = 41002, Api, Configuration;
        "No AppID was sent.",
        "Enter the AppID in the connection.";
        "请求没有带 AppID。",
        "在连接里填写 AppID。";
    RefreshTokenMissing = 41003, Api, Reauthorise;
        "No refresh token was sent: none is known of this person.",
        "Let the person log in again.";
        "请求没有带 refresh_token：没有这个用户的记录。",
        "让用户重新登录。";
    AppSecretMissing = 41004, Api, Configuration;
        "No AppSecret was sent.",
        "Enter the AppSecret in the connection.";
        "请求没有带 AppSecret。",
        "在连接里填写 AppSecret。";
    CodeMissing = 41008, Api, NewCode;
        "No code was sent: the callback was opened by a link preview, a bookmark or the back button, or the person refused.",
        "Start the login again.";
        "请求没有带 code：回调可能被链接预览、收藏夹或返回键打开，或用户拒绝了授权。",
        "重新开始登录。";
    OpenIdMissing = 41009, Api, Request;
        "No OpenID was sent.",
        "Correct the request.";
        "请求没有带 OpenID。",
        "改正请求参数。";
    InvalidPage = 41030, Api, Configuration;
        "The published version of the mini program has no such page, or the page carries a leading slash or a query.",
        "Publish a version with this page, and put parameters into the scene.";
        "小程序的线上版本里没有这个页面，或页面路径以斜杠开头、带了参数。",
        "发布包含该页面的版本，参数放进 scene。";
    AccessTokenExpired = 42001, Api, FreshToken;
        "The token is older than two hours.",
        "Start again. If it happens often, check the clock of the backend's machine.";
        "token 已过期。",
        "重新开始。如果经常出现，检查后端机器的时钟。";
    RefreshTokenExpired = 42002, Api, Reauthorise;
        "The refresh token is older than 30 days.",
        "Let the person log in again.";
        "refresh_token 已超过 30 天有效期。",
        "让用户重新登录。";
    CodeExpired = 42003, Api, NewCode;
        "The code is older than its 5 minutes (web page in WeChat) or 10 minutes (website, mobile app).",
        "Log in again, and exchange a code at once.";
        "code 已过期：微信内网页为 5 分钟，网站应用和移动应用为 10 分钟。",
        "重新登录，拿到 code 后立即换取。";
    PasswordChanged = 42007, Api, Reauthorise;
        "The person changed the WeChat password, which ends every grant.",
        "Let the person log in again.";
        "用户改过微信密码，此前的授权全部失效。",
        "让用户重新登录。";
    RequireGet = 43001, Api, Request;
        "This API takes GET.",
        "Correct the request.";
        "该接口须用 GET 请求。",
        "改正请求方法。";
    RequirePost = 43002, Api, Request;
        "This API takes POST.",
        "Correct the request.";
        "该接口须用 POST 请求。",
        "改正请求方法。";
    RequireHttps = 43003, Api, Request;
        "This API takes https only.",
        "Set WeChat's addresses in the backend to https.";
        "该接口须用 https。",
        "把后端里微信的地址改为 https。";
    RequireSubscribe = 43004, Api, Reauthorise;
        "The person does not follow the account.",
        "Ask the person to follow the account.";
        "用户没有关注该公众号。",
        "请用户先关注公众号。";
    EmptyBody = 44002, Api, Request;
        "The body is empty.",
        "Send JSON.";
        "请求体为空。",
        "以 JSON 发送请求体。";
    DailyQuota = 45009, Api, SlowDown;
        "The quota of the day is used up: most often a program fetches a token for every request.",
        "Find the program that shares this AppID and calls in a loop; then clear the quota once in WeChat's console.";
        "当日调用额度已用完，常见原因是某个程序每次请求都去取 token。",
        "找出共用这个 AppID 并循环调用的程序，再到微信后台清零一次额度。";
    MinuteQuota = 45011, Api, SlowDown;
        "Too many calls for one person or app within a minute.",
        "Wait a minute, and stop clients that log in again whenever a request is refused.";
        "该用户或应用一分钟内调用次数过多。",
        "等一分钟。如果客户端一被拒绝就重新登录，先停掉这个循环。";
    QrCodeCount = 45029, Api, Configuration;
        "All codes of this kind (100,000 for ever) were made.",
        "Use the unlimited mini-program code (getwxacodeunlimit) or temporary QR codes.";
        "该账号这类码的总数（永久 10 万个）已用完。",
        "改用不限量的小程序码（getwxacodeunlimit）或临时二维码。";
    NotMiniProgram = 45063, Api, Configuration;
        "The token is not a mini program's.",
        "Enter AppID and AppSecret of the mini program, not those of the official account.";
        "这个 token 不属于小程序。",
        "填写小程序的 AppID 和 AppSecret，而不是公众号的。";
    DataFormat = 47001, Api, Request;
        "The body is not UTF-8 JSON.",
        "Send JSON without a byte order mark, not a form.";
        "请求体不是 UTF-8 编码的 JSON。",
        "以不带 BOM 的 JSON 发送，不要用表单。";
    ApiUnauthorized = 48001, Api, Configuration;
        "The API is not open to this kind of account, or the person did not agree to tell nickname and avatar (snapshot visitors never do).",
        "Verify the account, check its API permissions in WeChat's console, and ask for snsapi_userinfo.";
        "该类账号没有这个接口的权限，或用户没有同意提供昵称和头像（快照页访客即是如此）。",
        "完成账号认证，在微信后台查看接口权限，并使用 snsapi_userinfo。";
    ClearsTooOften = 48006, Api, SlowDown;
        "The quota was cleared about ten times this month already.",
        "Wait for the next month, and stop the loop that uses the quota up.";
        "本月清零额度的次数（约十次）已用完。",
        "等到下个月，并停掉耗尽额度的循环。";
    UserUnauthorized = 50001, Api, Reauthorise;
        "The person has not granted this, or withdrew it.",
        "Let the person log in again.";
        "用户没有授权，或已取消授权。",
        "让用户重新登录。";
    UserLimited = 50002, Api, Refuse;
        "WeChat restricts the person's account or the app.",
        "Read the notices in WeChat's console; only WeChat can lift it.";
        "用户账号或应用被微信限制。",
        "查看微信后台的通知，只有微信能解除。";
    AccountPunished = 50004, Api, Configuration;
        "The account may not use tokens, most often as a punishment.",
        "Read the notices in WeChat's console, and appeal.";
        "该账号被禁止使用 token，多半是因为受到处罚。",
        "查看微信后台的通知并申诉。";
    NotFollowing = 50005, Api, Reauthorise;
        "The person does not follow the account.",
        "Ask the person to follow the account.";
        "用户没有关注该公众号。",
        "请用户先关注公众号。";
    AccountFrozen = 50007, Api, Configuration;
        "The account is frozen.",
        "Read the notices in WeChat's console; only WeChat can lift it.";
        "该账号已被冻结。",
        "查看微信后台的通知，只有微信能解除。";
    ComponentNotAuthorized = 61003, Api, Configuration;
        "The account has not authorised the third-party platform, or withdrew it.",
        "Authorise the platform again in WeChat's console.";
        "该账号没有授权给第三方平台，或已取消授权。",
        "在微信后台重新授权给第三方平台。";
    IpNotRegistered = 61004, Api, Configuration;
        "The backend's address is not on the IP whitelist (newer text of 40164).",
        "Add the backend's public address to the whitelist. It takes about ten minutes.";
        "后端的 IP 不在白名单内（40164 的新写法）。",
        "把后端的公网 IP 加入白名单，约十分钟后生效。";
    ComponentUnauthorized = 61007, Api, Configuration;
        "The third-party platform was not granted this set of permissions.",
        "Grant the permissions to the platform in WeChat's console.";
        "第三方平台没有获得这组权限。",
        "在微信后台把权限授给第三方平台。";
    ComponentAppId = 61024, Api, Configuration;
        "The AppID is a third-party platform's, not an app's.",
        "Enter the AppID of the mini program, service account, website or mobile app.";
        "这是第三方平台的 AppID，不是应用的 AppID。",
        "填写小程序、服务号、网站应用或移动应用自己的 AppID。";
    NothingPublished = 85079, Api, Configuration;
        "The mini program has no published version yet.",
        "Publish it once.";
        "小程序还没有线上版本。",
        "先发布一次。";
    ReservedPathParameter = 85096, Api, Request;
        "The path uses scancode_time, a name WeChat keeps for itself.",
        "Rename the parameter.";
        "路径里用了微信保留的参数名 scancode_time。",
        "换一个参数名。";
    SessionExpired = 87007, Api, NewCode;
        "The person has no live session with the mini program.",
        "The mini program has to call wx.login again.";
        "用户在小程序里没有有效的登录态。",
        "由小程序重新调用 wx.login。";
    InvalidSigMethod = 87008, Api, Request;
        "The sig_method is not hmac_sha256.",
        "Correct the request.";
        "sig_method 不是 hmac_sha256。",
        "改正请求参数。";
    InvalidSignature = 87009, Api, NewCode;
        "The session_key that is kept is not the present one, or it was decoded before signing.",
        "The mini program has to call wx.login again; the key signs as its base64 text.";
        "保存的 session_key 不是当前的，或签名前被做了 base64 解码。",
        "由小程序重新调用 wx.login；签名要用 session_key 的 base64 原文。";
    ConfirmationPending = 89501, Api, Configuration;
        "An earlier call waits for the administrator already.",
        "Have the account's administrator confirm in WeChat.";
        "此前的一次调用正在等待管理员确认。",
        "由账号管理员在微信里确认。";
    ConfirmationNeeded = 89503, Api, Configuration;
        "A call from this address needs the administrator's confirmation.",
        "Have the account's administrator confirm in WeChat, or add the address to the whitelist.";
        "从这个 IP 调用需要管理员确认。",
        "由账号管理员在微信里确认，或把 IP 加入白名单。";
    ConfirmationRefusedTwice = 89506, Api, Configuration;
        "The administrator refused this address twice, which shuts it out for 24 hours.",
        "Add the address to the whitelist, or wait 24 hours.";
        "管理员两次拒绝了这个 IP，24 小时内无法调用。",
        "把 IP 加入白名单，或等 24 小时。";
    ConfirmationRefused = 89507, Api, Configuration;
        "The administrator refused this address, which shuts it out for an hour.",
        "Add the address to the whitelist, or wait an hour.";
        "管理员拒绝了这个 IP，1 小时内无法调用。",
        "把 IP 加入白名单，或等 1 小时。";
    RedirectDomain = 10003, Page, Configuration;
        "The host of the redirect address is not the one set in WeChat's console; www, sub-domains, ports and addresses all count.",
        "Set exactly this host in WeChat's console, without scheme and port.";
        "回调地址的域名与微信后台的配置不一致，www、子域名、端口、IP 都算不同。",
        "在微信后台填入完全相同的域名，不带协议和端口。";
    AccountBanned = 10004, Page, Configuration;
        "WeChat banned the account.",
        "Read the notices in WeChat's console; only WeChat can lift it.";
        "该公众号已被微信封禁。",
        "查看微信后台的通知，只有微信能解除。";
    ScopeNotGranted = 10005, Page, Configuration;
        "The account may not use this scope: subscription and unverified accounts have none, and each page has its own.",
        "Use a verified service account for pages in WeChat, and a website app for scanning on a PC.";
        "该账号没有这个 scope 的权限：订阅号和未认证的账号都没有，且不同页面的 scope 不同。",
        "微信内网页用已认证的服务号，电脑网页扫码用网站应用。";
    FollowTestAccount = 10006, Page, Configuration;
        "It is a test account, and this WeChat user does not follow it.",
        "Follow the test account with this phone first.";
        "这是测试号，而当前微信没有关注它。",
        "先用这部手机关注测试号。";
    AuthorizesTooOften = 10009, Page, SlowDown;
        "The same person opens the authorise page in a loop, most often because the page loses its session cookie.",
        "Wait a minute, and stop the loop of redirects.";
        "同一个用户过于频繁地进入授权页，常见原因是页面丢失会话 cookie，反复跳转。",
        "等一分钟，并停掉循环跳转。";
    ScopeEmpty = 10010, Page, Request;
        "The authorise page was opened without a scope.",
        "Correct the address.";
        "打开授权页时没有带 scope。",
        "改正链接。";
    RedirectEmpty = 10011, Page, Request;
        "The authorise page was opened without a redirect address, or with one that is not URL-encoded.",
        "Encode the redirect address.";
        "打开授权页时没有带回调地址，或没有做 URL 编码。",
        "对回调地址做 URL 编码。";
    AppIdEmpty = 10012, Page, Configuration;
        "The authorise page was opened without an AppID.",
        "Enter the AppID in the connection.";
        "打开授权页时没有带 AppID。",
        "在连接里填写 AppID。";
    StateEmpty = 10013, Page, Request;
        "The authorise page was opened without a state.",
        "Correct the address.";
        "打开授权页时没有带 state。",
        "改正链接。";
    PlatformNotAuthorized = 10015, Page, Configuration;
        "The account has not authorised the third-party platform.",
        "Authorise the platform again in WeChat's console.";
        "公众号没有授权给第三方平台，或已取消授权。",
        "在微信后台重新授权给第三方平台。";
    WrongKindOfApp = 10016, Page, Configuration;
        "The AppID is a website's or a mobile app's, which pages in WeChat cannot use.",
        "Enter the AppID of the service account; a website app belongs into a connection of its own.";
        "这是网站应用或移动应用的 AppID，微信内网页不能使用。",
        "填写服务号的 AppID，网站应用另建一个连接。";
    IllegalAesKey = -41001, Local, Request;
        "The session_key is not 24 characters of base64.",
        "Keep the session_key unchanged.";
        "session_key 不是 24 个字符的 base64。",
        "原样保存 session_key。";
    IllegalIv = -41002, Local, Request;
        "The iv is not 24 characters of base64.",
        "Send the iv as JSON, or percent-encode it.";
        "iv 不是 24 个字符的 base64。",
        "以 JSON 发送 iv，或做百分号编码。";
    IllegalBuffer = -41003, Local, NewCode;
        "The data does not fit the session_key or the AppID: most often the key was replaced by a later wx.login.",
        "Call wx.login before the person presses the button, never between; for phone numbers use the phone code.";
        "数据与 session_key 或 AppID 不匹配，多半是之后的 wx.login 更换了 session_key。",
        "在用户点按钮之前调用 wx.login，中间不要再调用；手机号请改用 code 换取。";
    DecodeBase64Error = -41004, Local, Request;
        "The base64 was damaged on the way: most often a form turned + into a blank.",
        "Send the data as JSON, or percent-encode it.";
        "base64 在传输中损坏，多半是表单把加号变成了空格。",
        "以 JSON 发送数据，或做百分号编码。";
    ValidateSignatureError = -40001, Local, Configuration;
        "The signature of a push does not fit: the token differs, or the message was altered.",
        "Compare the token in WeChat's console with the one in the connection.";
        "推送消息的签名不符：token 不一致，或消息被改动。",
        "核对微信后台与连接里的 token。";
    ValidateAppidError = -40005, Local, Configuration;
        "The AppID inside an encrypted push is not ours.",
        "Compare EncodingAESKey and AppID in WeChat's console with those in the connection.";
        "加密推送里的 AppID 不是本应用的。",
        "核对微信后台与连接里的 EncodingAESKey 和 AppID。";
}
