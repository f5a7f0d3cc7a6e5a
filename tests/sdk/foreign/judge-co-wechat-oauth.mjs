// co-wechat-oauth logs in against the sandbox. Its hosts are constants, so what it sends to WeChat is sent elsewhere here.
import assert from 'node:assert/strict'
import http from 'node:http'
import https from 'node:https'
import { createRequire } from 'node:module'

const sandbox = new URL(process.env.YAOPAI_SANDBOX_URL)

// The library calls `https.request` by this name, with host, port and path.
https.request = (options) => {
  assert.equal(options.host, 'api.weixin.qq.com')
  return http.request({ ...options, host: sandbox.hostname, port: sandbox.port, agent: http.globalAgent })
}

const load = createRequire(`${process.env.YAOPAI_SDK_MODULES}/package.json`)
const OAuth = load('co-wechat-oauth')

const call = async (method, path, body) => {
  const answer = await fetch(new URL(path, sandbox), {
    method,
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  })
  assert.ok(answer.ok, `${path} answers ${answer.status}`)
  const text = await answer.text()
  return text && JSON.parse(text)
}
const apps = await call('GET', '/sandbox/apps')
const app = (kind) => apps.find((app) => app.kind === kind)
const oauth = (kind, secret = app(kind).app_secret) => new OAuth(app(kind).app_id, secret)

const code = async (client, person, scope) => {
  const url = client.getAuthorizeURL('http://localhost/callback', 'S1', scope)
  const { location } = await call('POST', `/sandbox/people/${person}/authorize`, { url })
  const query = new URL(location).searchParams
  assert.equal(query.get('state'), 'S1')
  return query.get('code')
}

/** The library's error for an errcode, with the beginning of its words. */
const refused = (errcode, stem) => (error) => {
  assert.equal(error.name, 'WeChatAPIError')
  assert.equal(error.code, errcode)
  assert.ok(error.message.includes(stem), error.message)
  return true
}

const checks = {
  'an official account: authorize, exchange, profile': async () => {
    const client = oauth('official_account')
    const { data } = await client.getAccessToken(await code(client, 'lin-xiaoman', 'snsapi_userinfo'))
    assert.equal(data.expires_in, 7200)
    const user = await client.getUser({ openid: data.openid, lang: 'zh_CN' })
    assert.equal(user.nickname, '小满')
    assert.deepEqual(user.privilege, [])
  },
  'profile in one call': async () => {
    const client = oauth('official_account')
    const user = await client.getUserByCode(await code(client, 'zhou-ning', 'snsapi_userinfo'))
    assert.equal(user.nickname, '微信用户')
  },
  'an expired token is refreshed on the way': async () => {
    const client = oauth('official_account')
    const { data } = await client.getAccessToken(await code(client, 'chen-mo', 'snsapi_userinfo'))
    await call('POST', '/sandbox/clock', { advance_seconds: 7200 })
    data.create_at -= 7200 * 1000
    assert.equal((await client.getUser(data.openid)).nickname, '陈默')
    assert.notEqual(client.store[data.openid].access_token, data.access_token)
  },
  'refresh and verify': async () => {
    const client = oauth('official_account')
    const { data } = await client.getAccessToken(await code(client, 'chen-mo', 'snsapi_userinfo'))
    const again = await client.refreshAccessToken(data.refresh_token)
    assert.equal(again.data.openid, data.openid)
    assert.deepEqual(await client.verifyToken(data.openid, again.data.access_token), {
      errcode: 0,
      errmsg: 'ok',
    })
  },
  'a website: QR page, scan, long poll, exchange': async () => {
    const client = oauth('website')
    const shown = new URL(client.getAuthorizeURLForWebsite('http://localhost/callback', 'S1'))
    const page = await (await fetch(new URL(shown.pathname + shown.search, sandbox))).text()
    const [, uuid] = page.match(/\/connect\/qrcode\/([^"]+)"/)
    const url = `https://open.weixin.qq.com/connect/confirm?uuid=${uuid}`
    await call('POST', '/sandbox/scan', { url, person: 'ye-zi', decision: 'approve' })
    const news = await call('GET', `/connect/l/qrconnect?f=json&uuid=${uuid}`)
    const { data } = await client.getAccessToken(news.wx_code)
    assert.equal(data.scope, 'snsapi_login')
  },
  'invalid code': () =>
    assert.rejects(oauth('official_account').getAccessToken('code'), refused(40029, 'invalid code')),
  'invalid appid': () =>
    assert.rejects(new OAuth('appid', 'secret').getAccessToken('code'), refused(40013, 'invalid appid')),
  'invalid appsecret': () =>
    assert.rejects(
      oauth('official_account', '0'.repeat(32)).getAccessToken('code'),
      refused(40125, 'invalid appsecret'),
    ),
  'refresh_token missing': () =>
    assert.rejects(
      oauth('official_account').refreshAccessToken(''),
      refused(41003, 'refresh_token missing'),
    ),
  'invalid credential': () => {
    const client = oauth('official_account')
    client.store.openid = {
      access_token: `98_${'x'.repeat(128)}`,
      expires_in: 7200,
      create_at: Date.now(),
    }
    const stem = 'invalid credential, access_token is invalid or not latest'
    return assert.rejects(client.getUser('openid'), refused(40001, stem))
  },
}

for (const [about, check] of Object.entries(checks)) {
  try {
    await check()
    console.log(`ok   co-wechat-oauth: ${about}`)
  } catch (error) {
    process.exitCode = 1
    console.log(`FAIL co-wechat-oauth: ${about}\n${error.stack}`)
  }
}
