//! The front page: what this is, the apps with their secrets, the people, and a way to open a QR code's link.

use axum::extract::State;
use axum::response::Html;

use crate::html::escape;
use crate::phone::{avatar_path, screen};
use crate::platform::Shared;
use crate::world::apps::AppSheet;
use crate::world::people::{EVERYONE, Person};

/// `GET /`.
pub(crate) async fn show(State(platform): State<Shared>) -> Html<String> {
    let apps: String = platform.world().apps.iter().map(sheet).collect();
    let people: String = EVERYONE.iter().map(|one| person(one)).collect();
    let body = format!(
        r#"<main class="front">
<h1>微信沙箱 <small lang="en">WeChat sandbox</small></h1>
<p class="lead">替代微信平台，用于测试、演示与培训。把各个微信地址换成本页的地址即可，这里的人和密钥都不是真的。
<small lang="en">Stands in for the WeChat platform in tests, demos and training. Use this page's address in place of WeChat's; nobody and no secret here is real.</small></p>
<h2>用手机扫码 <small lang="en">Scan with the phone</small></h2>
<div class="panel"><form class="open" action="/phone/open">
<input name="url" type="url" required placeholder="{base}connect/confirm?uuid=…" aria-label="二维码中的链接 Link inside the QR code">
<button class="approve">打开 <small lang="en">Open</small></button>
</form></div>
<h2>应用 <small lang="en">Apps</small></h2>
<div class="panel">{apps}</div>
<h2>测试人员 <small lang="en">Test people</small></h2>
<div class="panel people">{people}</div>
<h2>脚本 <small lang="en">For scripts</small></h2>
<div class="panel"><p class="script"><code>/sandbox/apps</code> · <code>/sandbox/people</code> · <code>POST /sandbox/scan</code> · <code>POST /sandbox/switches</code> · <code>POST /sandbox/clock</code> · <code>POST /sms</code> · <code>GET /otp/TARGET</code></p></div>
</main>
<script>
{script}</script>"#,
        base = escape(platform.base.as_str()),
        script = include_str!("web/copy.js"),
    );
    screen::document("微信沙箱 WeChat sandbox", "front-page", &body)
}

fn copied(value: &str) -> String {
    let value = escape(value);
    format!(r#"<code>{value}</code><button class="copy" data-copy="{value}">复制 Copy</button>"#)
}

fn sheet(app: &AppSheet) -> String {
    let (kind, kind_english) = app.kind.label();
    let domains = if app.callback_domains.is_empty() {
        String::new()
    } else {
        format!(
            "<dt>回调域名 <small lang=\"en\">Callback domains</small></dt><dd><code>{}</code></dd>",
            escape(&app.callback_domains.join(", "))
        )
    };
    let server = app
        .miniprogram_server
        .as_ref()
        .map_or_else(String::new, |server| {
            format!(
                "<dt>服务器 <small lang=\"en\">Server</small></dt><dd><code>{}</code></dd>",
                escape(server.as_str())
            )
        });
    format!(
        r#"<section class="sheet"><strong>{name}<small>{kind} <span lang="en">{kind_english}</span></small></strong>
<dl><dt>AppID</dt><dd>{app_id}</dd><dt>AppSecret</dt><dd>{app_secret}</dd>{domains}{server}</dl></section>"#,
        name = escape(&app.name),
        app_id = copied(&app.app_id),
        app_secret = copied(&app.app_secret),
    )
}

fn person(person: &Person) -> String {
    format!(
        r#"<div class="person"><img src="{avatar}" alt="" width="44" height="44"><span class="who">{name}<small>{nickname} · {id}</small></span>{traits}</div>"#,
        avatar = avatar_path(person, 96),
        name = escape(&person.name),
        nickname = escape(&person.nickname),
        id = person.id,
        traits = screen::traits(person),
    )
}
