// authing-wxapp-sdk 4.3.22-alpha.7: a mini program of the second generation.
import { assert, check, done, thrown } from '../common/check.mjs'
import { becomeMiniProgram } from '../common/miniProgram.mjs'
import { POOL, load, phoneButton, uploadFile, world } from '../common/world.mjs'

const PERSON = 'lin-xiaoman'
const wx = becomeMiniProgram(PERSON)
wx.chooseImage = async () => ({ tempFilePaths: ['avatar.png'] })
wx.uploadFile = uploadFile

const { AuthenticationClient } = load('authing-wxapp-sdk')
const authing = new AuthenticationClient({ userPoolId: POOL, host: world.url })

const first = await check('loginByCode logs in with the code of wx.login', async () => {
  const { code } = await wx.login()
  const user = await authing.loginByCode(code)
  assert.ok(user.id)
  assert.equal(user.token.split('.').length, 3)
  return user
})

await check('updateProfile works at once, and again: the token survives', async () => {
  assert.equal((await authing.updateProfile({ nickname: 'Bob' })).nickname, 'Bob')
  const again = await authing.updateProfile({ nickname: 'Mick', blocked: true, unionid: 'stolen', phone: '13800138000' })
  assert.equal(again.nickname, 'Mick')
  assert.equal(again.blocked, false)
  assert.equal(again.phone, null)
  assert.notEqual(again.unionid, 'stolen')
})

await check('getCurrentUser and checkLoginStatus know the person', async () => {
  assert.equal((await authing.getCurrentUser()).id, first.id)
  const status = await authing.checkLoginStatus()
  assert.equal(status.status, true)
  assert.equal(status.data.id, first.id)
})

await check('custom data goes in and comes back as it was', async () => {
  await authing.setUdfValue({ school: 'pku', age: 20, member: true, tags: ['a', 'b'] })
  assert.deepEqual(await authing.getUdfValue(), { age: 20, member: true, school: 'pku', tags: ['a', 'b'] })
  await authing.removeUdfValue('age')
  assert.equal((await authing.getUdfValue()).age, undefined)
})

await check('updateAvatar uploads a picture, which is then served', async () => {
  const user = await authing.updateAvatar()
  const picture = await fetch(user.photo)
  assert.equal(picture.headers.get('content-type'), 'image/png')
  assert.match(picture.headers.get('cache-control'), /immutable/)
})

await check('getPhone gives the number that loginByPhone binds', async () => {
  const ask = async (method) => {
    const { code } = await wx.login()
    const { iv, encryptedData } = await phoneButton(PERSON)
    return authing[method](code, iv, encryptedData)
  }
  const { purePhoneNumber } = await ask('getPhone')
  const user = await ask('loginByPhone')
  assert.equal(user.id, first.id)
  assert.equal(user.phone, purePhoneNumber)
  assert.equal(user.phoneVerified, true)
})

await check('a code that is used again, within five minutes, gets the first outcome; an invented one is refused', async () => {
  const { code } = await wx.login()
  const one = await authing.loginByCode(code)
  const two = await authing.loginByCode(code)
  assert.equal(one.id, two.id)
  const refused = await thrown(() => authing.loginByCode('invented'))
  assert.equal(refused.code, 40029)
})

await check('after logout nobody is logged in', async () => {
  await authing.logout()
  assert.equal((await authing.checkLoginStatus()).status, false)
})

done()
