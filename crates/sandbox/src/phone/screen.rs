//! What the phone shows. Chinese first, English small beneath; plain forms, no script.

use axum::response::Html;

use super::confirm::ConfirmFault;
use super::follow::FollowFault;
use super::miniprogram::MiniProgramFault;
use super::{Decision, DecisionFault, avatar_path};
use crate::html::escape;
use crate::platform::{Authorize, PageFault};
use crate::world::apps::{AppKind, AppSheet};
use crate::world::people::{EVERYONE, Person};
use crate::world::pushes::Push;

/// The same thing in Chinese and in English.
type Words<'a> = (&'a str, &'a str);

/// How a result page feels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Good,
    Calm,
    Bad,
}

/// A whole document in the dress of the sandbox; `body` is ready HTML.
pub(crate) fn document(title: &str, class: &str, body: &str) -> Html<String> {
    Html(format!(
        r#"<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{css}</style>
</head>
<body class="{class}">
{body}
</body>
</html>
"#,
        title = escape(title),
        css = include_str!("../web/sandbox.css"),
    ))
}

/// Chinese with its English beneath.
pub(crate) fn both((chinese, english): Words<'_>) -> String {
    format!(
        r#"{}<small lang="en">{}</small>"#,
        escape(chinese),
        escape(english)
    )
}

/// A page of the phone: `title` names the window, `bar` stands at the top of the screen.
fn phone(title: &str, bar: &str, body: &str) -> Html<String> {
    let frame = format!(
        r#"<main class="phone">
<header>{}<span class="tag">沙箱</span></header>
{body}
</main>"#,
        escape(bar)
    );
    document(title, "phone-page", &frame)
}

fn app_card(app: &AppSheet, asks: Words<'_>) -> String {
    let initial: String = app.name.chars().take(1).collect();
    let (kind, kind_english) = app.kind.label();
    format!(
        r#"<section class="app">
<span class="icon" aria-hidden="true">{initial}</span>
<h1>{name}</h1>
<p class="kind">{kind} <small lang="en">{kind_english}</small></p>
<p class="asks">{asks}</p>
</section>"#,
        initial = escape(&initial),
        name = escape(&app.name),
        asks = both(asks),
    )
}

/// What sets a person apart, as small labels.
pub(crate) fn traits(person: &Person) -> String {
    let label = |(chinese, english)| format!(r#"<em title="{english}">{chinese}</em>"#);
    person
        .traits
        .iter()
        .map(|which| label(which.label()))
        .collect::<Vec<_>>()
        .concat()
}

fn choice(person: &Person, first: bool) -> String {
    format!(
        r#"<label class="person"><input type="radio" name="person" value="{id}"{checked}>
<img src="{avatar}" alt="" width="44" height="44">
<span class="who">{name}<small>{nickname}</small></span>{traits}<i class="tick" aria-hidden="true"></i></label>"#,
        id = person.id,
        checked = if first { " checked" } else { "" },
        avatar = avatar_path(person, 96),
        name = escape(&person.name),
        nickname = escape(&person.nickname),
        traits = traits(person),
    )
}

/// Who is there, and whether they agree; `option` is ready HTML that stands before the buttons.
fn question(action: &str, hidden: &[(&str, &str)], option: &str, approve: Words<'_>) -> String {
    use std::fmt::Write as _;
    let mut form = format!("<form method=\"post\" action=\"{action}\">\n");
    for (name, value) in hidden {
        // Writing to a String cannot fail.
        let _ = writeln!(
            form,
            r#"<input type="hidden" name="{name}" value="{}">"#,
            escape(value)
        );
    }
    form.push_str(
        "<fieldset>\n<legend>以谁的身份 <small lang=\"en\">Who is holding this phone</small></legend>\n",
    );
    for (at, person) in EVERYONE.iter().enumerate() {
        form.push_str(&choice(person, at == 0));
        form.push('\n');
    }
    let _ = write!(
        form,
        r#"</fieldset>
{option}
<div class="buttons">
<button class="approve" name="decision" value="approve">{}</button>
<button class="refuse" name="decision" value="refuse">{}</button>
</div>
</form>"#,
        both(approve),
        both(("拒绝", "Refuse")),
    );
    form
}

const APPROVE: Words<'static> = ("同意", "Approve");

/// The question of a website whose QR code was scanned.
pub(crate) fn confirm(app: &AppSheet, uuid: &str) -> Html<String> {
    let asks = if app.kind == AppKind::MobileApp {
        "申请使用你的微信身份登录应用"
    } else {
        "申请使用你的微信身份登录网站"
    };
    let card = app_card(app, (asks, "wants to sign you in with WeChat"));
    phone(
        "微信登录",
        "微信登录",
        &(card + &question("/connect/confirm", &[("uuid", uuid)], "", APPROVE)),
    )
}

/// The question of an official account's web page.
pub(crate) fn authorize(authorize: &Authorize) -> Html<String> {
    let asks = if authorize.scope == "snsapi_base" {
        (
            "静默登录：只会得到 OpenID。真实的微信不会询问",
            "Silent sign-in: OpenID only. The real WeChat does not ask",
        )
    } else {
        ("申请获取你的昵称、头像", "wants your nickname and avatar")
    };
    let hidden = [
        ("appid", authorize.app.app_id.as_str()),
        ("redirect_uri", &authorize.redirect_uri),
        ("response_type", "code"),
        ("scope", &authorize.scope),
        ("state", &authorize.state),
    ];
    let option = format!(
        r#"<label class="option"><input type="checkbox" name="forceSnapShot" value="true"{checked}> {words}</label>"#,
        checked = if authorize.snapshot { " checked" } else { "" },
        words = both(("只看快照页", "Visit the snapshot page only")),
    );
    let card = app_card(&authorize.app, asks);
    phone(
        "网页授权",
        "网页授权",
        &(card + &question("/connect/oauth2/authorize", &hidden, &option, APPROVE)),
    )
}

/// The mini program's own page after its code was scanned.
pub(crate) fn miniprogram(app: &AppSheet, scene: &str) -> Html<String> {
    let card = app_card(app, ("确认在电脑上登录？", "Sign in on the computer?"));
    let hidden = [("appid", app.app_id.as_str()), ("scene", scene)];
    phone(
        &app.name,
        &app.name,
        &(card + &question("/phone/miniprogram", &hidden, "", APPROVE)),
    )
}

/// The profile of an official account whose scene code was scanned.
pub(crate) fn follow(app: &AppSheet, path: &str) -> Html<String> {
    let card = app_card(app, ("关注或进入公众号", "Follow or enter the account"));
    let action = format!("/q/{}", escape(path));
    phone(
        "公众号",
        &app.name,
        &(card + &question(&action, &[], "", ("关注", "Follow"))),
    )
}

/// The account's chat after somebody followed it: what it said.
pub(crate) fn followed(app: &AppSheet, push: Option<&Push>) -> Html<String> {
    let said = match push {
        None => "公众号没有开启消息推送".to_owned(),
        Some(Push { reply: None, .. }) => "该公众号提供的服务出现故障，请稍后再试".to_owned(),
        Some(Push {
            reply: Some(reply), ..
        }) if reply.is_empty() => "请回到电脑上查看".to_owned(),
        Some(Push {
            reply: Some(reply), ..
        }) => reply.clone(),
    };
    let tried = push.map_or_else(String::new, |push| push.tries.join(", "));
    notice(Mood::Good, (&app.name, "You follow this account"), &said, &tried)
}

/// A scene code that leads nowhere.
pub(crate) fn scene_fault(fault: FollowFault) -> Html<String> {
    let (title, more) = match fault {
        FollowFault::Scene | FollowFault::Account => (
            ("二维码无效", "Unknown QR code"),
            (
                "沙箱重启后，旧的二维码不再有效",
                "The sandbox forgets its codes when it restarts",
            ),
        ),
        FollowFault::Expired => (
            ("二维码已过期", "QR code expired"),
            ("请刷新后再扫", "Refresh and scan again"),
        ),
    };
    notice(Mood::Bad, title, more.0, more.1)
}

/// A page that only tells something.
pub(crate) fn notice(mood: Mood, title: Words<'_>, more: &str, more_english: &str) -> Html<String> {
    let (class, mark) = match mood {
        Mood::Good => ("good", "✓"),
        Mood::Calm => ("calm", "–"),
        Mood::Bad => ("bad", "!"),
    };
    let body = format!(
        r#"<section class="notice {class}" role="status">
<span class="mark" aria-hidden="true">{mark}</span>
<h1>{title}</h1>
<p>{more}</p>
</section>
<footer><a href="/">沙箱首页 <small lang="en">Sandbox home</small></a></footer>"#,
        title = both(title),
        more = both((more, more_english)),
    );
    phone(title.0, "微信", &body)
}

/// After the decision.
pub(crate) fn decided(app: &AppSheet, decision: &Decision) -> Html<String> {
    match decision {
        Decision::Approve(person) => notice(
            Mood::Good,
            ("已同意", "Approved"),
            &format!("{} 将登录{}，请回到电脑上查看", person.name, app.name),
            "Go on where you scanned the code",
        ),
        Decision::Refuse => {
            let scan_again = if matches!(app.kind, AppKind::Website | AppKind::MobileApp) {
                (
                    "再次扫描同一个二维码可以重新选择",
                    "Scan the same code to decide again",
                )
            } else {
                ("没有登录任何人", "Nobody was signed in")
            };
            notice(Mood::Calm, ("已拒绝", "Refused"), scan_again.0, scan_again.1)
        }
    }
}

/// A QR code that asks nothing any more.
pub(crate) fn confirm_fault(fault: ConfirmFault) -> Html<String> {
    let (title, more) = match fault {
        ConfirmFault::Unknown => (
            ("二维码无效", "Unknown QR code"),
            (
                "沙箱重启后，旧的二维码不再有效",
                "The sandbox forgets its codes when it restarts",
            ),
        ),
        ConfirmFault::Expired => (
            ("二维码已过期", "QR code expired"),
            (
                "二维码有效期为 5 分钟，请刷新后再扫",
                "A code lives 5 minutes: refresh and scan again",
            ),
        ),
        ConfirmFault::Used => (
            ("二维码已使用", "QR code used"),
            ("每个二维码只能登录一次", "A code signs in once"),
        ),
    };
    notice(Mood::Bad, title, more.0, more.1)
}

/// WeChat's error page for a wrong authorize or qrconnect address.
pub(crate) fn page_fault(fault: PageFault) -> Html<String> {
    let number = fault.number().map_or_else(
        || ("请检查链接参数", "Check the parameters of the link".to_owned()),
        |number| ("请检查公众号配置与链接参数", format!("errcode {number}")),
    );
    notice(
        Mood::Bad,
        (fault.text(), "WeChat refuses this link"),
        number.0,
        &number.1,
    )
}

/// A form that was not filled in by this phone.
pub(crate) fn decision_fault(fault: DecisionFault) -> Html<String> {
    notice(
        Mood::Bad,
        ("无法识别的选择", "Not understood"),
        "请返回重新选择",
        &fault.to_string(),
    )
}

/// A mini program whose server does not play along.
pub(crate) fn miniprogram_fault(fault: &MiniProgramFault) -> Html<String> {
    let (more, more_english) = match fault {
        MiniProgramFault::Unknown => (
            "没有使用此 AppID 的小程序".to_owned(),
            "No mini program has this AppID".to_owned(),
        ),
        MiniProgramFault::LinkDead => (
            "链接不存在或已过期".to_owned(),
            "The link is unknown or has expired".to_owned(),
        ),
        MiniProgramFault::NoServer => (
            "小程序还没有配置服务器地址".to_owned(),
            "Its server address is not set".to_owned(),
        ),
        MiniProgramFault::Unreachable(host) => (
            format!("无法连接小程序的服务器 {host}"),
            format!("No answer from its server {host}"),
        ),
        MiniProgramFault::Refused { host, status } => (
            format!("小程序的服务器 {host} 返回了 {status}"),
            format!("Its server {host} answered {status}"),
        ),
    };
    notice(
        Mood::Bad,
        ("小程序无法登录", "The mini program cannot sign in"),
        &more,
        &more_english,
    )
}
