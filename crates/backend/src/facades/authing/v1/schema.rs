//! What `POST /graphql` offers (`graphql/wxgql.js`).

use crate::facades::authing::graphql::{Object, Operation};
use async_graphql_parser::types::OperationType::{self, Mutation, Query};

static USER: Object = Object {
    name: "ExtendUser",
    scalars: &[
        "_id",
        "email",
        "emailVerified",
        "unionid",
        "openid",
        "username",
        "nickname",
        "company",
        "photo",
        "phone",
        "phoneVerified",
        "browser",
        "device",
        "name",
        "givenName",
        "familyName",
        "middleName",
        "profile",
        "preferredUsername",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "address",
        "formatted",
        "streetAddress",
        "locality",
        "region",
        "postalCode",
        "country",
        "updatedAt",
        "createdAt",
        "registerInClient",
        "registerMethod",
        "oauth",
        "token",
        "tokenExpiredAt",
        "loginsCount",
        "lastLogin",
        "lastIP",
        "signedUp",
        "blocked",
        "isDeleted",
        "userLocation",
        "userLoginHistory",
    ],
    objects: &[],
};
static ENTRY: Object = Object {
    name: "UserMetaData",
    scalars: &["key", "value"],
    objects: &[],
};
static METADATA: Object = Object {
    name: "UserMetaDataList",
    scalars: &["totalCount"],
    objects: &[("list", &ENTRY)],
};
static MESSAGE: Object = Object {
    name: "CommonMessage",
    scalars: &["message", "code", "status"],
    objects: &[],
};

const fn operation(
    kind: OperationType,
    name: &'static str,
    arguments: &'static [&'static str],
    answer: Option<&'static Object>,
) -> Operation {
    Operation {
        kind,
        name,
        arguments,
        answer,
    }
}

const LOGIN: &[&str] = &[
    "unionid",
    "email",
    "username",
    "password",
    "lastIP",
    "registerInClient",
    "verifyCode",
    "browser",
    "openid",
    "phone",
    "phoneCode",
];
const REGISTER: &[&str] = &["userInfo", "invitationCode", "keepPassword"];
const RESET: &[&str] = &["email", "client", "verifyCode", "password", "phone", "phoneCode"];

/// Every operation.
pub(super) static SCHEMA: [Operation; 16] = [
    operation(Query, "user", &["id", "registerInClient", "auth"], Some(&USER)),
    operation(Query, "qiNiuUploadToken", &["type"], None),
    operation(Query, "userMetadata", &["_id"], Some(&METADATA)),
    operation(Query, "checkLoginStatus", &["token"], Some(&MESSAGE)),
    operation(Mutation, "login", LOGIN, Some(&USER)),
    operation(Mutation, "loginByPhoneCode", LOGIN, Some(&USER)),
    operation(Mutation, "register", REGISTER, Some(&USER)),
    operation(Mutation, "updateUser", &["options"], Some(&USER)),
    operation(Mutation, "setUserMetadata", &["input"], Some(&METADATA)),
    operation(Mutation, "removeUserMetadata", &["input"], Some(&METADATA)),
    operation(Mutation, "sendResetPasswordEmail", RESET, Some(&MESSAGE)),
    operation(Mutation, "verifyResetPasswordVerifyCode", RESET, Some(&MESSAGE)),
    operation(Mutation, "changePassword", RESET, Some(&USER)),
    operation(Mutation, "sendVerifyEmail", &["email", "client"], Some(&MESSAGE)),
    operation(Mutation, "unbindEmail", &["user", "client"], Some(&USER)),
    operation(Mutation, "refreshToken", &["client", "user"], Some(&USER)),
];
