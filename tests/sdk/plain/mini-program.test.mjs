// A mini program with a server of its own, as tutorials write it: wx.login, wx.request, a third_Session in storage.
import { assert, check, done } from '../common/check.mjs'
import { becomeMiniProgram } from '../common/miniProgram.mjs'
import { app, manage, world, wxLogin } from '../common/world.mjs'

const wx = becomeMiniProgram('lin-xiaoman')

const request = (path, data, more = {}) =>
  new Promise((success, fail) => wx.request({ url: `${world.url}/api/wx/${path}`, data, success, fail, ...more }))

function userLogin() {
  return new Promise((success, fail) => {
    wx.login({
      success(res) {
        wx.request({
          url: `${world.url}/api/wx/login`,
          data: { code: res.code },
          success(answer) {
            wx.setStorageSync('third_Session', answer.data.third_Session)
            success(answer.data)
          },
          fail,
        })
      },
      fail,
    })
  })
}

const users = async () => (await manage('GET', 'users?limit=100')).users

await check('a code gives a third_Session, and neither OpenID nor session_key', async () => {
  const answer = await userLogin()
  assert.deepEqual(Object.keys(answer).sort(), ['expires_in', 'third_Session'])
  assert.ok(answer.expires_in > 3600)
  assert.equal((await users()).length, 1)
})

await check('the same code again is the same person; any case and any way of sending will do', async () => {
  const { code } = await wxLogin('lin-xiaoman')
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  for (const answer of [
    await request('login', { CODE: code }),
    await request('login', { code }, { method: 'POST' }),
    await request('login', { Code: code }, { method: 'POST', header: form }),
  ]) {
    assert.ok(answer.data.third_Session, JSON.stringify(answer.data))
  }
  assert.equal((await users()).length, 1)
})

const profile = {
  nickName: '小满',
  avatarUrl: 'https://thirdwx.qlogo.cn/mmopen/vi_32/real/132',
  gender: 2,
  province: 'Guangdong',
  city: 'Shenzhen',
  country: 'China',
}

await check('the profile is stored', async () => {
  const third_Session = wx.getStorageSync('third_Session')
  const { data } = await request('userinfo', { third_Session, ...profile, blocked: true, phone: '13800138000' })
  assert.equal(data.errcode, 0)
  const [user] = await users()
  assert.equal(user.profile.nickname.value, '小满')
  assert.equal(user.profile.phone, null)
  assert.equal(user.status, 'active')
})

await check('an anonymous profile overwrites nothing', async () => {
  const third_Session = wx.getStorageSync('third_Session')
  await request('userinfo', { third_Session, nickName: '微信用户', avatarUrl: '', province: '' }, { method: 'POST' })
  const [user] = await users()
  assert.equal(user.profile.nickname.value, '小满')
  assert.equal(user.profile.avatar_url.value, profile.avatarUrl)
})

await check('a third_Session counts until it is revoked', async () => {
  const third_Session = wx.getStorageSync('third_Session')
  assert.equal((await request('check', { third_Session })).data.errcode, 0)
  assert.equal((await request('logout', { third_Session }, { method: 'POST' })).data.errcode, 0)
  const over = await request('check', { third_Session })
  assert.equal(over.statusCode, 401)
  assert.equal(over.data.errcode, 60002)
})

await check('refusals have its own shape', async () => {
  const made = await request('login', { code: 'made-up' })
  assert.equal(made.data.errcode, 40029)
  const { code } = await wxLogin('lin-xiaoman')
  for (const [data, errcode] of [
    [{}, 60001],
    [{ code, connection: 'nowhere' }, 60003],
    [{ code, appid: app('website').app_id.replace(/.$/, 'x') }, 60003],
    [{ code, pool: 'nowhere' }, 60003],
  ]) {
    const answer = await request('login', data)
    assert.equal(answer.data.errcode, errcode, JSON.stringify(answer.data))
    assert.ok(answer.data.errmsg)
  }
})

done()
