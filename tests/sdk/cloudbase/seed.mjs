// The flow of CloudBase's guide "WeChat authorization login" with any build of its SDK: what a first-time visitor of a
// website that creates nobody goes through, and what an ordinary visitor sees.
import { assert, check, thrown } from '../common/check.mjs'
import { CONNECTIONS, PAGE, PASSWORD, app, manage, oneTimeCode, scanPage } from '../common/world.mjs'

/** Goes through WeChat's page as the guide says; the provider token. */
async function providerToken(auth, person, provider_id = 'wx_open') {
  const state = 'wx_open'
  const { uri } = await auth.genProviderRedirectUri({
    provider_id,
    provider_redirect_uri: PAGE,
    state,
    other_params: { sign_out_uri: PAGE },
  })
  const back = await scanPage(uri, person)
  assert.equal(back.origin + back.pathname, PAGE)
  assert.equal(back.searchParams.get('state'), state)
  const granted = await auth.grantProviderToken({
    provider_id,
    provider_redirect_uri: 'curpage',
    provider_code: back.searchParams.get('code'),
  })
  return granted.provider_token
}

const usersOf = async () => (await manage('GET', 'users?limit=100')).users

/** `members` is signed out and its application logs in only people with an account; `shop` creates whoever comes. */
export async function seed({ shop, members, phone, canDelete }) {
  let token
  await check('a first-time visitor is not_found and the token stays good', async () => {
    token = await providerToken(members, 'lin-xiaoman')
    for (const _ of [1, 2]) {
      const error = await thrown(() => members.signInWithProvider({ provider_token: token }))
      assert.equal(error.error, 'not_found')
    }
    assert.equal((await usersOf()).length, 0)
  })

  let sub
  await check('registering by phone code signs in', async () => {
    const verification = await members.getVerification({ phone_number: phone })
    assert.equal(verification.is_user, false)
    const { verification_token } = await members.verify({
      verification_id: verification.verification_id,
      verification_code: await oneTimeCode(`+86${phone}`),
    })
    await members.signUp({
      phone_number: `+86 ${phone}`,
      verification_token,
      username: 'xiaoman2026',
      password: PASSWORD,
    })
    const user = await members.getUserInfo()
    assert.equal(user.phone_number, `+86 ${phone}`)
    assert.equal(user.uid, user.sub)
    sub = user.sub
  })

  await check('binding synchronises nickname and avatar', async () => {
    await members.bindWithProvider({ provider_token: token })
    const user = await members.getUserInfo()
    assert.equal(user.name, '小满')
    assert.match(user.picture, /^http/)
    const error = await thrown(() => members.signInWithProvider({ provider_token: token }))
    assert.equal(error.error, 'invalid_grant', 'a token is good once')
  })

  await check('the next login by WeChat is that user', async () => {
    await members.signOut()
    await members.signInWithProvider({ provider_token: await providerToken(members, 'lin-xiaoman') })
    assert.equal((await members.getUserInfo()).sub, sub)
    assert.equal((await usersOf()).length, 1)
  })

  await check('password (also encrypted), refresh and sign-out work', async () => {
    await members.signOut()
    const wrong = await thrown(() => members.signIn({ username: 'xiaoman2026', password: 'wrong' }))
    const nobody = await thrown(() => members.signIn({ username: 'nobody2026', password: 'wrong' }))
    assert.equal(wrong.error, 'invalid_password')
    assert.equal(nobody.error, wrong.error)
    await members.signIn({ username: 'xiaoman2026', password: PASSWORD })
    assert.equal((await members.getUserInfo()).sub, sub)
    await members.signOut()
    await members.signIn({ username: 'xiaoman2026', password: PASSWORD, isEncrypt: true })
    const before = (await members.getAccessToken()).accessToken
    await members.refreshTokenForce()
    const after = (await members.getAccessToken()).accessToken
    assert.notEqual(after, before)
    assert.equal((await members.getUserInfo()).sub, sub)
    await members.signOut()
    assert.equal(await members.hasLoginState(), null)
  })

  await check('an application that creates users signs anybody in at once', async () => {
    await shop.signInWithProvider({ provider_token: await providerToken(shop, 'chen-mo') })
    const user = await shop.getUserInfo()
    assert.equal(user.name, '陈默')
    assert.notEqual(user.sub, sub)
    assert.deepEqual(user.providers.map((provider) => provider.id), ['wx_open'])
    assert.equal((await usersOf()).length, 2)
  })

  await check('a WeChat identity of somebody else is already_exists', async () => {
    const foreign = await providerToken(shop, 'lin-xiaoman')
    const error = await thrown(() => shop.bindWithProvider({ provider_token: foreign }))
    assert.equal(error.error, 'already_exists')
  })

  // The builds for Node and for mini programs cannot send DELETE.
  if (canDelete) {
    await check('the last way in cannot be unbound', async () => {
      const error = await thrown(() => shop.unbindProvider({ provider_id: 'wx_open' }))
      // Some builds wrap what they were told into an error of their own.
      assert.match(`${error.error} ${error.message}`, /failed_precondition/)
      assert.equal((await shop.getUserInfo()).providers.length, 1)
    })
  }

  await check('people change their profile, and nothing else', async () => {
    await shop.updateUserBasicInfo?.({ nickname: '默默', blocked: false, phone: '13900000000' })
    const user = await shop.getUserInfo()
    assert.equal(user.name, '默默')
    assert.equal(user.phone_number, undefined)
    await shop.signOut()
  })

  await check('a disabled or unknown provider is told as such', async () => {
    for (const provider_id of [CONNECTIONS.disabled, 'nowhere', app('mobile_app').app_id]) {
      const error = await thrown(() =>
        shop.genProviderRedirectUri({ provider_id, provider_redirect_uri: PAGE, state: 'x' }))
      assert.equal(error.error, 'provider_not_enabled', provider_id)
    }
  })

  await check('a foreign page and a code that was never given are refused', async () => {
    const foreign = await thrown(() =>
      shop.genProviderRedirectUri({
        provider_id: 'wx_open',
        provider_redirect_uri: 'http://evil.example/login',
        state: 'x',
      }))
    assert.equal(foreign.error, 'invalid_argument')
    const made = await thrown(() =>
      shop.grantProviderToken({ provider_id: 'wx_open', provider_redirect_uri: 'curpage', provider_code: 'made-up' }))
    assert.equal(made.error, 'invalid_grant')
  })
}
