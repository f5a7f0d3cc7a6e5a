// authing-node-sdk 4.0.1: scripts of administrators, with signed requests.
import { assert, check, done } from '../common/check.mjs'
import { load, manage, world } from '../common/world.mjs'

const { ManagementClient } = load('authing-node-sdk')
const script = new ManagementClient({
  accessKeyId: world.authingKey.id,
  accessKeySecret: world.authingKey.secret,
  host: world.url,
})

const data = async (call) => {
  const answer = await call
  assert.equal(answer.statusCode, 200, JSON.stringify(answer))
  return answer.data
}

const user = await check('a user is created, read and found', async () => {
  const made = await data(script.createUser({ username: 'bob', nickname: 'Bob', customData: { school: 'pku' } }))
  const read = await data(script.getUser({ userId: made.userId, withCustomData: true }))
  assert.equal(read.nickname, 'Bob')
  assert.deepEqual(read.customData, { school: 'pku' })
  const found = await data(script.listUsers({ keywords: 'bo', options: { pagination: { page: 1, limit: 10 } } }))
  assert.equal(found.totalCount, 1)
  return made
})

await check('a user is changed, suspended, and given custom data', async () => {
  const changed = await data(script.updateUser({ userId: user.userId, nickname: 'Rob', status: 'Suspended' }))
  assert.deepEqual([changed.nickname, changed.status], ['Rob', 'Suspended'])
  const list = [{ key: 'tier', value: 'gold' }]
  await data(script.setCustomData({ targetType: 'USER', targetIdentifier: user.userId, list }))
  const custom = await data(script.getCustomData({ targetType: 'USER', targetIdentifier: user.userId }))
  assert.deepEqual(custom, { school: 'pku', tier: 'gold' })
})

await check('identity sources and connections are listed, created, changed and deleted', async () => {
  const sources = await data(script.listExtIdp({}))
  const extIdpId = sources.list[0].id
  const made = await data(
    script.createExtIdpConn({
      extIdpId,
      type: 'wechat:pc',
      identifier: 'by-script',
      displayName: '脚本',
      fields: { clientID: 'wx0123456789abcdee', clientSecret: '0123456789abcdef'.repeat(2) },
    }),
  )
  const changed = await data(script.updateExtIdpConn({ id: made.id, displayName: '新名字', fields: {} }))
  assert.equal(changed.displayName, '新名字')
  await data(script.changeExtIdpConnState({ id: made.id, enabled: false, appId: '' }))
  const { connections } = await manage('GET', 'connections')
  assert.equal(connections.find((one) => one.identifier === 'by-script').enabled, false)
  await data(script.deleteExtIdpConn({ id: made.id }))
})

await check('another secret opens nothing', async () => {
  const stranger = new ManagementClient({
    accessKeyId: world.authingKey.id,
    accessKeySecret: 'f'.repeat(32),
    host: world.url,
  })
  assert.equal((await stranger.listUsers({})).statusCode, 401)
})

await check('a user is deleted', async () => {
  await data(script.deleteUsersBatch({ userIds: [user.userId] }))
  assert.notEqual((await script.getUser({ userId: user.userId })).statusCode, 200)
})

done()
