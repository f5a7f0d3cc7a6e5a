//! What `POST /graphql/v2` offers (`types/graphql.v2.ts` of authing-js-sdk 4.23.55).

use crate::facades::authing::{
    graphql::{Object, Operation},
    user,
};
use async_graphql_parser::types::OperationType::{self, Mutation, Query};

static IDENTITY: Object = Object {
    name: "Identity",
    scalars: &[
        "openid",
        "userIdInIdp",
        "userId",
        "connectionId",
        "isSocial",
        "provider",
        "type",
        "userPoolId",
        "extIdpId",
    ],
    objects: &[],
};
static CUSTOM_DATA: Object = Object {
    name: "UserCustomData",
    scalars: &["key", "value", "dataType", "label"],
    objects: &[],
};
static USER: Object = Object {
    name: "User",
    scalars: &user::SCALARS,
    objects: &[("identities", &IDENTITY), ("customData", &CUSTOM_DATA)],
};
static USERS: Object = Object {
    name: "PaginatedUsers",
    scalars: &["totalCount"],
    objects: &[("list", &USER)],
};
static MESSAGE: Object = Object {
    name: "CommonMessage",
    scalars: &["message", "code"],
    objects: &[],
};
static STATUS_DATA: Object = Object {
    name: "JWTTokenStatusDetail",
    scalars: &["id", "userPoolId", "arn"],
    objects: &[],
};
static STATUS: Object = Object {
    name: "JWTTokenStatus",
    scalars: &["code", "message", "status", "exp", "iat"],
    objects: &[("data", &STATUS_DATA)],
};
static ACCESS_TOKEN: Object = Object {
    name: "AccessTokenRes",
    scalars: &["accessToken", "exp", "iat"],
    objects: &[],
};
static REFRESHED: Object = Object {
    name: "RefreshToken",
    scalars: &["token", "exp", "iat"],
    objects: &[],
};
static STRENGTH: Object = Object {
    name: "CheckPasswordStrengthResult",
    scalars: &["valid", "message"],
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

const PAGE: &[&str] = &["page", "limit", "sortBy", "excludeUsersInOrg"];
const SEARCH: &[&str] = &[
    "query",
    "fields",
    "page",
    "limit",
    "departmentOpts",
    "groupOpts",
    "roleOpts",
];
const TARGET: &[&str] = &["targetType", "targetId", "key", "value", "udvList"];
const CHANGE_PHONE: &[&str] = &[
    "phone",
    "phoneCode",
    "phoneCountryCode",
    "oldPhone",
    "oldPhoneCode",
    "oldPhoneCountryCode",
];
const NEW_USER: &[&str] = &[
    "userInfo",
    "params",
    "identity",
    "keepPassword",
    "resetPasswordOnFirstLogin",
];

/// Every operation.
pub(super) static SCHEMA: [Operation; 38] = [
    operation(Query, "user", &["id"], Some(&USER)),
    operation(Query, "checkLoginStatus", &["token"], Some(&STATUS)),
    operation(Query, "checkPasswordStrength", &["password"], Some(&STRENGTH)),
    operation(Query, "udv", TARGET, Some(&CUSTOM_DATA)),
    operation(
        Query,
        "isUserExists",
        &["email", "phone", "username", "externalId"],
        None,
    ),
    operation(
        Query,
        "accessToken",
        &["userPoolId", "secret"],
        Some(&ACCESS_TOKEN),
    ),
    operation(Query, "users", PAGE, Some(&USERS)),
    operation(Query, "searchUser", SEARCH, Some(&USERS)),
    operation(
        Query,
        "findUser",
        &["email", "phone", "username", "externalId", "identity"],
        Some(&USER),
    ),
    operation(Query, "userBatch", &["ids", "type"], Some(&USER)),
    operation(
        Mutation,
        "updateUser",
        &["id", "input", "emailToken", "phoneToken"],
        Some(&USER),
    ),
    operation(Mutation, "setUdv", TARGET, Some(&CUSTOM_DATA)),
    operation(Mutation, "setUdvBatch", TARGET, Some(&CUSTOM_DATA)),
    operation(Mutation, "removeUdv", TARGET, Some(&CUSTOM_DATA)),
    operation(Mutation, "bindPhone", CHANGE_PHONE, Some(&USER)),
    operation(Mutation, "updatePhone", CHANGE_PHONE, Some(&USER)),
    operation(Mutation, "unbindPhone", &[], Some(&USER)),
    operation(Mutation, "bindEmail", &["email", "emailCode"], Some(&USER)),
    operation(
        Mutation,
        "updateEmail",
        &["email", "emailCode", "oldEmail", "oldEmailCode"],
        Some(&USER),
    ),
    operation(Mutation, "unbindEmail", &[], Some(&USER)),
    operation(
        Mutation,
        "updatePassword",
        &["newPassword", "oldPassword"],
        Some(&USER),
    ),
    operation(
        Mutation,
        "resetPassword",
        &["phone", "phoneCountryCode", "email", "code", "newPassword"],
        Some(&MESSAGE),
    ),
    operation(Mutation, "loginByEmail", &["input"], Some(&USER)),
    operation(Mutation, "loginByUsername", &["input"], Some(&USER)),
    operation(Mutation, "loginByPhonePassword", &["input"], Some(&USER)),
    operation(Mutation, "loginByPhoneCode", &["input"], Some(&USER)),
    operation(Mutation, "loginByEmailCode", &["input"], Some(&USER)),
    operation(Mutation, "registerByEmail", &["input"], Some(&USER)),
    operation(Mutation, "registerByEmailCode", &["input"], Some(&USER)),
    operation(Mutation, "registerByUsername", &["input"], Some(&USER)),
    operation(Mutation, "registerByPhoneCode", &["input"], Some(&USER)),
    operation(Mutation, "sendEmail", &["email", "scene"], Some(&MESSAGE)),
    operation(Mutation, "refreshToken", &["id"], Some(&REFRESHED)),
    operation(Mutation, "createUser", NEW_USER, Some(&USER)),
    operation(Mutation, "deleteUser", &["id"], Some(&MESSAGE)),
    operation(Mutation, "deleteUsers", &["ids"], Some(&MESSAGE)),
    operation(
        Query,
        "udfValueBatch",
        &["targetType", "targetIds"],
        Some(&VALUES),
    ),
    operation(
        Mutation,
        "setUdfValueBatch",
        &["targetType", "input"],
        Some(&MESSAGE),
    ),
];

static VALUES: Object = Object {
    name: "UserDefinedDataMap",
    scalars: &["targetId"],
    objects: &[("data", &CUSTOM_DATA)],
};
