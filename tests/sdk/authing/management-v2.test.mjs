// authing-js-sdk 4.23.55: scripts of administrators of the second generation.
import { assert, check, done, thrown } from '../common/check.mjs'
import { PASSWORD, POOL, load, world } from '../common/world.mjs'

const { ManagementClient } = load('authing-js-sdk')
const script = new ManagementClient({
  userPoolId: POOL,
  secret: world.authingKey.secret,
  host: world.url,
  onError: () => {},
})

const user = await check('a user is created and found', async () => {
  const made = await script.users.create({ username: 'bob', nickname: 'Bob', password: PASSWORD })
  assert.equal((await script.users.detail(made.id)).nickname, 'Bob')
  assert.equal((await script.users.find({ username: 'bob' })).id, made.id)
  assert.equal((await script.users.list(1, 10)).totalCount, 1)
  assert.equal((await script.users.search('bo')).totalCount, 1)
  return made
})

await check('a user is changed and given custom data', async () => {
  assert.equal((await script.users.update(user.id, { nickname: 'Rob' })).nickname, 'Rob')
  await script.users.setUdfValue(user.id, { school: 'pku', age: 20 })
  assert.deepEqual(await script.users.getUdfValue(user.id), { age: 20, school: 'pku' })
  await script.users.removeUdfValue(user.id, 'age')
  assert.deepEqual(await script.users.getUdfValue(user.id), { school: 'pku' })
})

await check('a user is deleted', async () => {
  await script.users.delete(user.id)
  assert.equal((await script.users.list(1, 10)).totalCount, 0)
})

await check('a wrong secret opens nothing', async () => {
  const stranger = new ManagementClient({ userPoolId: POOL, secret: 'wrong', host: world.url, onError: () => {} })
  assert.ok(await thrown(() => stranger.users.list(1, 10)))
})

done()
