//! What `POST /graphql` offers (`graphql/wxgql.js`).

use crate::facades::authing::graphql::{Object, Operation};
use async_graphql_parser::types::OperationType::{Mutation, Query};

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
    Operation::new(Query, "user", &["id", "registerInClient", "auth"], Some(&USER)),
    Operation::new(Query, "qiNiuUploadToken", &["type"], None),
    Operation::new(Query, "userMetadata", &["_id"], Some(&METADATA)),
    Operation::new(Query, "checkLoginStatus", &["token"], Some(&MESSAGE)),
    Operation::new(Mutation, "login", LOGIN, Some(&USER)),
    Operation::new(Mutation, "loginByPhoneCode", LOGIN, Some(&USER)),
    Operation::new(Mutation, "register", REGISTER, Some(&USER)),
    Operation::new(Mutation, "updateUser", &["options"], Some(&USER)),
    Operation::new(Mutation, "setUserMetadata", &["input"], Some(&METADATA)),
    Operation::new(Mutation, "removeUserMetadata", &["input"], Some(&METADATA)),
    Operation::new(Mutation, "sendResetPasswordEmail", RESET, Some(&MESSAGE)),
    Operation::new(Mutation, "verifyResetPasswordVerifyCode", RESET, Some(&MESSAGE)),
    Operation::new(Mutation, "changePassword", RESET, Some(&USER)),
    Operation::new(Mutation, "sendVerifyEmail", &["email", "client"], Some(&MESSAGE)),
    Operation::new(Mutation, "unbindEmail", &["user", "client"], Some(&USER)),
    Operation::new(Mutation, "refreshToken", &["client", "user"], Some(&USER)),
];
