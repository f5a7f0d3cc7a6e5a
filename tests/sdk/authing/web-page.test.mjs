// wxmp, which is not on npm: it only assigns these addresses to window.location and reads the query it comes back with.
import { assert, check, done } from '../common/check.mjs'
import { APPLICATION, CONNECTIONS, PAGE, POOL, authorize, world } from '../common/world.mjs'

// As a browser does it: it keeps the cookie that it gets, and brings it back.
let cookie = ''
async function go(url) {
  const answer = await fetch(url, { redirect: 'manual', headers: { cookie } })
  const set = answer.headers.getSetCookie()
  if (set.length) cookie = set.map((one) => one.split(';')[0]).join('; ')
  return answer
}

const ADDRESSES = {
  'wxmp 1.0': `${world.url}/oauth/wechatmp/url/${POOL}`,
  'wxmp 1.1': `${world.url}/connections/social/wechat:webpage-authorization?app_id=${APPLICATION}`,
  'wxmp 1.3': `${world.url}/connections/social/${CONNECTIONS.officialAccount}?app_id=${APPLICATION}&redirect_url=${encodeURIComponent(PAGE)}`,
}

let id
for (const [name, address] of Object.entries(ADDRESSES)) {
  await check(`${name}: the page gets the person and a token`, async () => {
    const away = await go(address)
    assert.equal(away.status, 302)
    const callback = await authorize(away.headers.get('location'), 'lin-xiaoman')
    const back = await go(callback)
    assert.equal(back.status, 302)
    assert.equal(back.headers.get('referrer-policy'), 'no-referrer')
    const url = new URL(back.headers.get('location'))
    assert.ok(url.href.startsWith(PAGE))
    assert.equal(url.searchParams.get('code'), '200')
    const user = JSON.parse(url.searchParams.get('data'))
    assert.ok(user.token)
    id ??= user.id
    assert.equal(user.id, id)
  })
}

await check('another browser that opens the callback gets nothing', async () => {
  const away = await go(ADDRESSES['wxmp 1.3'])
  const callback = await authorize(away.headers.get('location'), 'lin-xiaoman')
  const back = await fetch(callback, { redirect: 'manual' })
  const url = new URL(back.headers.get('location'))
  assert.equal(url.searchParams.get('code'), '1106')
  assert.equal(url.searchParams.get('data'), null)
})

await check('a page that nobody named gets nothing', async () => {
  const refused = await go(`${world.url}/connections/social/${CONNECTIONS.officialAccount}?app_id=${APPLICATION}&redirect_url=https://evil.example/`)
  assert.equal(refused.headers.get('location'), null)
  assert.notEqual((await refused.json()).code, 200)
})

done()
