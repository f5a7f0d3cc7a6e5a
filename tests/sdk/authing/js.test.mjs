// authing-js-sdk 4.23.55: accounts without WeChat, and QR codes.
import { assert, check, done, thrown } from '../common/check.mjs'
import { APPLICATION, PASSWORD, load, oneTimeCode, readCode, world } from '../common/world.mjs'

const { AuthenticationClient } = load('authing-js-sdk')
const client = () => new AuthenticationClient({ appId: APPLICATION, appHost: world.url, onError: () => {} })
const authing = client()

await check('a user name and a password register and log in, encrypted on the way', async () => {
  const registered = await authing.registerByUsername('bob', PASSWORD)
  const user = await authing.loginByUsername('bob', PASSWORD)
  assert.equal(user.id, registered.id)
  const refused = await thrown(() => authing.loginByUsername('bob', 'wrong horse'))
  const nobody = await thrown(() => authing.loginByUsername('nobody', PASSWORD))
  assert.deepEqual([refused.code, refused.message], [nobody.code, nobody.message])
})

await check('a name that is taken is told', async () => {
  assert.equal((await thrown(() => authing.registerByUsername('bob', 'another horse'))).code, 2026)
})

const user = await check('a phone code logs in whoever has the phone', async () => {
  await authing.sendSmsCode('13900000011')
  const user = await authing.loginByPhoneCode('13900000011', await oneTimeCode('+8613900000011'))
  assert.equal(user.phone, '13900000011')
  return user
})

await check('an address is bound by its code', async () => {
  await authing.sendEmail('lin@example.com', 'CHANGE_EMAIL')
  const bound = await authing.bindEmail('lin@example.com', await oneTimeCode('lin@example.com'))
  assert.equal(bound.id, user.id)
  assert.equal(bound.emailVerified, true)
  assert.equal((await authing.updateProfile({ nickname: 'Lin' })).nickname, 'Lin')
})

await check('a code on one screen is confirmed on another', async () => {
  const screen = client()
  const { random, url } = await screen.qrcode.geneCode()
  const picture = await fetch(url)
  assert.equal(picture.headers.get('content-type'), 'image/png')
  const scanned = JSON.parse(await readCode(picture))
  assert.notEqual(scanned.random, random, 'whoever sees the code cannot ask for the login')
  assert.equal((await screen.qrcode.checkStatus(random)).status, 0)
  for (const step of ['scanned', 'confirm']) {
    const answer = await fetch(`${world.url}/api/v2/qrcode/${step}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ random: scanned.random }),
    })
    assert.equal((await answer.json()).code, 200)
  }
  const { status, ticket, userInfo } = await screen.qrcode.checkStatus(random)
  assert.equal(status, 2)
  assert.equal(userInfo.nickname, 'Lin')
  const exchanged = await screen.qrcode.exchangeUserInfo(ticket)
  assert.equal(exchanged.id, user.id)
  assert.ok(exchanged.token)
})

done()
