//! What `POST /graphql/v2` offers (`types/graphql.v2.ts` of authing-js-sdk 4.23.55).

use crate::facades::authing::{
    graphql::{Object, Operation},
    user,
};
use async_graphql_parser::types::OperationType::{Mutation, Query};

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
    Operation::new(Query, "user", &["id"], Some(&USER)),
    Operation::new(Query, "checkLoginStatus", &["token"], Some(&STATUS)),
    Operation::new(Query, "checkPasswordStrength", &["password"], Some(&STRENGTH)),
    Operation::new(Query, "udv", TARGET, Some(&CUSTOM_DATA)),
    Operation::new(
        Query,
        "isUserExists",
        &["email", "phone", "username", "externalId"],
        None,
    ),
    Operation::new(
        Query,
        "accessToken",
        &["userPoolId", "secret"],
        Some(&ACCESS_TOKEN),
    ),
    Operation::new(Query, "users", PAGE, Some(&USERS)),
    Operation::new(Query, "searchUser", SEARCH, Some(&USERS)),
    Operation::new(
        Query,
        "findUser",
        &["email", "phone", "username", "externalId", "identity"],
        Some(&USER),
    ),
    Operation::new(Query, "userBatch", &["ids", "type"], Some(&USER)),
    Operation::new(
        Mutation,
        "updateUser",
        &["id", "input", "emailToken", "phoneToken"],
        Some(&USER),
    ),
    Operation::new(Mutation, "setUdv", TARGET, Some(&CUSTOM_DATA)),
    Operation::new(Mutation, "setUdvBatch", TARGET, Some(&CUSTOM_DATA)),
    Operation::new(Mutation, "removeUdv", TARGET, Some(&CUSTOM_DATA)),
    Operation::new(Mutation, "bindPhone", CHANGE_PHONE, Some(&USER)),
    Operation::new(Mutation, "updatePhone", CHANGE_PHONE, Some(&USER)),
    Operation::new(Mutation, "unbindPhone", &[], Some(&USER)),
    Operation::new(Mutation, "bindEmail", &["email", "emailCode"], Some(&USER)),
    Operation::new(
        Mutation,
        "updateEmail",
        &["email", "emailCode", "oldEmail", "oldEmailCode"],
        Some(&USER),
    ),
    Operation::new(Mutation, "unbindEmail", &[], Some(&USER)),
    Operation::new(
        Mutation,
        "updatePassword",
        &["newPassword", "oldPassword"],
        Some(&USER),
    ),
    Operation::new(
        Mutation,
        "resetPassword",
        &["phone", "phoneCountryCode", "email", "code", "newPassword"],
        Some(&MESSAGE),
    ),
    Operation::new(Mutation, "loginByEmail", &["input"], Some(&USER)),
    Operation::new(Mutation, "loginByUsername", &["input"], Some(&USER)),
    Operation::new(Mutation, "loginByPhonePassword", &["input"], Some(&USER)),
    Operation::new(Mutation, "loginByPhoneCode", &["input"], Some(&USER)),
    Operation::new(Mutation, "loginByEmailCode", &["input"], Some(&USER)),
    Operation::new(Mutation, "registerByEmail", &["input"], Some(&USER)),
    Operation::new(Mutation, "registerByEmailCode", &["input"], Some(&USER)),
    Operation::new(Mutation, "registerByUsername", &["input"], Some(&USER)),
    Operation::new(Mutation, "registerByPhoneCode", &["input"], Some(&USER)),
    Operation::new(Mutation, "sendEmail", &["email", "scene"], Some(&MESSAGE)),
    Operation::new(Mutation, "refreshToken", &["id"], Some(&REFRESHED)),
    Operation::new(Mutation, "createUser", NEW_USER, Some(&USER)),
    Operation::new(Mutation, "deleteUser", &["id"], Some(&MESSAGE)),
    Operation::new(Mutation, "deleteUsers", &["ids"], Some(&MESSAGE)),
    Operation::new(
        Query,
        "udfValueBatch",
        &["targetType", "targetIds"],
        Some(&VALUES),
    ),
    Operation::new(
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
