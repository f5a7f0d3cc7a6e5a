// What every server of these tests starts with: one pool, a connection for each app of the sandbox, two applications.

/** The pool, as a CloudBase environment or an Authing user pool would be named. */
export const POOL = 'shop-4g7a2b9c'
/** An application that logs in whoever comes. */
export const APPLICATION = '65f0c0ffee0ddba11cafe001'
/** An application whose website logs in only people who have an account. */
export const MEMBERS = '65f0c0ffee0ddba11cafe002'
/** The page of the business; nothing listens there, tests read where a browser would go. */
export const PAGE = 'http://127.0.0.1:9/login'
/** Names of the connections. */
export const CONNECTIONS = {
  website: 'pc',
  members: 'pc-members',
  disabled: 'pc-disabled',
  officialAccount: 'wxweb',
  miniProgram: 'wxapp',
}

const text = (value) => JSON.stringify(value)

/** The bootstrap file. */
export function bootstrap({ apps, keys, authingKey }) {
  const app = (kind) => apps.find((one) => one.kind === kind)
  const connection = (identifier, kind, { app_id, app_secret }, more = '') => `
[[connection]]
pool = ${text(POOL)}
kind = ${text(kind)}
identifier = ${text(identifier)}
display_name = ${text(identifier)}
app_id = ${text(app_id)}
app_secret = ${text(app_secret)}
${more}`
  const callback = `callback_url = ${text(PAGE)}\n`
  return `
[[pool]]
id = ${text(POOL)}
name = "Shop"
${connection(CONNECTIONS.miniProgram, 'wechat:miniprogram:default', app('mini_program'))}
${connection(CONNECTIONS.officialAccount, 'wechat:webpage-authorization', app('official_account'), callback)}
${connection(CONNECTIONS.website, 'wechat:pc', app('website'), callback)}
${connection(CONNECTIONS.members, 'wechat:pc', app('website'), `${callback}login_only = true\n`)}
${connection(CONNECTIONS.disabled, 'wechat:pc', app('website'), `${callback}enabled = false\n`)}

[[application]]
pool = ${text(POOL)}
id = ${text(APPLICATION)}
name = "shop"
redirect_urls = [${text(PAGE)}]
connections = ${text([CONNECTIONS.website, CONNECTIONS.officialAccount, CONNECTIONS.miniProgram])}

[[application]]
pool = ${text(POOL)}
id = ${text(MEMBERS)}
name = "members"
redirect_urls = [${text(PAGE)}]
connections = [${text(CONNECTIONS.members)}, ${text(CONNECTIONS.disabled)}]

[[access_key]]
pool = ${text(POOL)}
name = "admin"
role = "admin"
key = ${text(keys.admin)}

[[access_key]]
pool = ${text(POOL)}
name = "support"
role = "support"
key = ${text(keys.support)}

[[authing_key]]
pool = ${text(POOL)}
name = "scripts"
role = "admin"
id = ${text(authingKey.id)}
secret = ${text(authingKey.secret)}
`
}
