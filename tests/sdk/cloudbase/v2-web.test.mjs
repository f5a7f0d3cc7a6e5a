// @cloudbase/js-sdk 2.32.0 in a web page.
import { becomePage } from '../common/browser.mjs'
import { done } from '../common/check.mjs'
import { APPLICATION, MEMBERS, POOL, load, world } from '../common/world.mjs'
import { seed } from './seed.mjs'

becomePage('http://127.0.0.1:9/login')
const cloudbase = load('cloudbase-2')

const auth = (clientId) => {
  const app = cloudbase.init({ env: POOL, clientId })
  app.registerEndPoint(world.url.replace('http:', ''), 'http')
  return app.auth({ persistence: 'local' })
}

await seed({ shop: auth(APPLICATION), members: auth(MEMBERS), phone: '13800138001', canDelete: true })
done()
