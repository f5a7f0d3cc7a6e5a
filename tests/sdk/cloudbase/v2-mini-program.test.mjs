// @cloudbase/js-sdk 2.32.0, its build for mini programs.
import { assert, check, done } from '../common/check.mjs'
import { becomeMiniProgram } from '../common/miniProgram.mjs'
import { APPLICATION, POOL, app, loadFile, manage, world } from '../common/world.mjs'

const wx = becomeMiniProgram('zhao-yuan')
const { app_id } = app('mini_program')
wx.getAccountInfoSync = () => ({ miniProgram: { appId: app_id } })

const cloudbase = loadFile('cloudbase-2/miniprogram_dist/index.js')
const sdk = cloudbase.init({ env: POOL, clientId: APPLICATION })
sdk.registerEndPoint(world.url.replace('http:', ''), 'http')
const auth = sdk.auth({ persistence: 'local' })

const providerToken = async () => {
  const { code } = await wx.login()
  const granted = await auth.grantProviderToken({
    provider_id: app_id,
    provider_redirect_uri: app_id,
    provider_code: code,
    provider_params: { provider_code_type: 'open_id', appid: app_id },
  })
  return granted.provider_token
}

let sub
await check('a mini program signs in with the code of wx.login', async () => {
  await auth.signInWithProvider({ provider_token: await providerToken() })
  const user = await auth.getUserInfo()
  assert.equal(user.providers[0].id, app_id)
  sub = user.sub
})

await check('the next time it is the same user', async () => {
  await auth.signOut()
  await auth.signInWithProvider({ provider_token: await providerToken() })
  assert.equal((await auth.getUserInfo()).sub, sub)
  const { users } = await manage('GET', 'users?limit=100')
  assert.equal(users.length, 1)
})

done()
