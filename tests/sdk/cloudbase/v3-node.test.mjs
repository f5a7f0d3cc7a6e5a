// @cloudbase/js-sdk 3.7.0 in Node.
import { done } from '../common/check.mjs'
import { APPLICATION, MEMBERS, POOL, load, world } from '../common/world.mjs'
import { seed } from './seed.mjs'

const cloudbase = load('cloudbase-3')

const auth = (clientId) => {
  const app = cloudbase.init({ env: POOL, clientId })
  app.registerHost(new URL(world.url).host, 'http')
  return app.auth({ persistence: 'local' })
}

await seed({ shop: auth(APPLICATION), members: auth(MEMBERS), phone: '13800138001', canDelete: false })
done()
