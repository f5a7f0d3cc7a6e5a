//! CloudBase: `@cloudbase/js-sdk` 2 and 3, in web pages, mini programs and Node.
//!
//! Success is a bare object, always one (an empty answer is tried three times); a failure is [`fault`]'s. A body is JSON
//! whatever its content type says. The pool is `client_id`; whoever is signed in sends `Authorization: Bearer …` instead.
//! Wire facts: @cloudbase/oauth 2.28.8, `src/auth/{apis,models,consts}.ts`.

mod bind;
mod fault;
mod provider;
mod qr;
mod sign_in;
#[cfg(test)]
mod tests;
mod user;
mod verification;
mod visit;

use crate::endpoint::{Endpoint, Needs};
use visit::{delete, get, patch, post, unknown};

/// The calls of CloudBase's SDKs.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/auth/v1/provider/uri", |visit| Box::pin(provider::uri(visit))),
        // The person's browser comes here from WeChat.
        Endpoint::get(provider::BEGIN_PATH, Needs::Nothing, provider::begin),
        Endpoint::get(provider::CALLBACK_PATH, Needs::Nothing, provider::callback),
        post("/auth/v1/provider/token", |visit| {
            Box::pin(provider::grant(visit))
        }),
        patch("/auth/v1/provider/token", |visit| {
            Box::pin(provider::enrich(visit))
        }),
        post("/auth/v1/qrcode/generate", |visit| Box::pin(qr::generate(visit))),
        post("/auth/v1/qrcode/get/status", |visit| Box::pin(qr::status(visit))),
        post("/auth/v1/signin/with/provider", |visit| {
            Box::pin(sign_in::with_provider(visit))
        }),
        post("/auth/v2/signin/with/provider", |visit| {
            Box::pin(sign_in::with_provider(visit))
        }),
        post("/auth/v1/signin", |visit| Box::pin(sign_in::by_name(visit))),
        post("/auth/v2/signin/username", |visit| {
            Box::pin(sign_in::by_name(visit))
        }),
        post("/auth/v2/signin/publichkey", |visit| {
            Box::pin(sign_in::public_key(visit))
        }),
        post("/auth/v1/signup", |visit| Box::pin(sign_in::up(visit))),
        post("/auth/v1/token", |visit| Box::pin(sign_in::refresh(visit))),
        post("/auth/v2/token", |visit| Box::pin(sign_in::refresh(visit))),
        post("/auth/v1/revoke", |visit| Box::pin(sign_in::revoke(visit))),
        post("/auth/v1/user/signout", |visit| Box::pin(sign_in::out(visit))),
        delete("/auth/v1/user/revoke/all", |visit| {
            Box::pin(sign_in::out_everywhere(visit))
        }),
        post("/auth/v1/verification", |visit| {
            Box::pin(verification::send(visit))
        }),
        post("/auth/v1/verification/verify", |visit| {
            Box::pin(verification::verify(visit))
        }),
        get("/auth/v1/user/me", |visit| Box::pin(user::me(visit))),
        get("/auth/v2/user/me", |visit| Box::pin(user::me(visit))),
        patch("/auth/v1/user/profile", |visit| {
            Box::pin(user::change_profile(visit))
        }),
        post("/auth/v1/user/basic/edit", |visit| Box::pin(user::edit(visit))),
        post("/auth/v1/user/sudo", |visit| Box::pin(user::sudo(visit))),
        patch("/auth/v1/user/password", |visit| {
            Box::pin(user::set_password(visit))
        }),
        patch("/auth/v1/user/contact", |visit| {
            Box::pin(user::set_contact(visit))
        }),
        post("/auth/v1/reset", |visit| Box::pin(user::reset_password(visit))),
        get("/auth/v1/user/provider", |visit| Box::pin(bind::list(visit))),
        post("/auth/v1/user/provider/bind", |visit| {
            Box::pin(bind::with_provider(visit))
        }),
        delete("/auth/v1/user/provider/{id}", |visit| {
            Box::pin(bind::unbind(visit))
        }),
        get("/auth/{*call}", unknown),
        post("/auth/{*call}", unknown),
        patch("/auth/{*call}", unknown),
        delete("/auth/{*call}", unknown),
    ]
}
