// Where the server and the sandbox of this process are, the SDKs, and what people do with their phones.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { POOL } from './bootstrap.mjs'

export * from './bootstrap.mjs'
export { PASSWORD } from './canary.mjs'

/** `{url, sandbox, apps, keys, authingKey}`; addresses end without a slash. */
export const world = JSON.parse(process.env.YAOPAI_BENCH)

/** Loads an SDK (CommonJS) from where it was installed. */
export const load = createRequire(join(process.env.YAOPAI_SDK_MODULES, 'package.json'))

/** Loads one file of an SDK, past what its package says to load where. */
export const loadFile = (path) => load(join(process.env.YAOPAI_SDK_MODULES, 'node_modules', path))

/** The sandbox's app of this kind: `mini_program`, `official_account`, `website`. */
export const app = (kind) => world.apps.find((one) => one.kind === kind)

async function asked(method, url, body, headers = {}) {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${new URL(url).pathname}: ${answer.status} ${text}`)
  return text ? JSON.parse(text) : undefined
}

/** Asks the operators' API below the pool. */
export const manage = (method, path, body) =>
  asked(method, `${world.url}/manage/v1/pools/${POOL}/${path}`, body, { authorization: `Bearer ${world.keys.admin}` })

/** What `wx.login` gives in a mini program: `{code, …}`. */
export const wxLogin = (person, app_id = app('mini_program').app_id) =>
  asked('POST', `${world.sandbox}/sandbox/people/${person}/wx-login`, { app_id })

/** Opens WeChat's QR page as a browser, scans and approves; the URL that the browser is sent to. */
export async function scanPage(url, person) {
  const page = await (await fetch(url)).text()
  const uuid = page.match(/connect\/qrcode\/([\w-]+)/)?.[1]
  if (!uuid) throw new Error(`no QR code at ${url}: ${page.slice(0, 300)}`)
  const confirm = `${world.sandbox}/connect/confirm?uuid=${uuid}`
  await asked('POST', `${world.sandbox}/sandbox/scan`, { url: confirm, person, decision: 'approve' })
  const poll = await (await fetch(`${world.sandbox}/connect/l/qrconnect?uuid=${uuid}`)).text()
  const code = poll.match(/wx_code='(\w+)'/)?.[1]
  if (!code) throw new Error(`no code in ${poll}`)
  const asking = new URL(url)
  const target = new URL(asking.searchParams.get('redirect_uri'))
  target.searchParams.set('code', code)
  target.searchParams.set('state', asking.searchParams.get('state'))
  return target
}

/** Opens an authorize link inside WeChat and allows it; the URL that the browser is sent to. */
export async function authorize(url, person) {
  const scanned = await asked('POST', `${world.sandbox}/sandbox/scan`, { url, person, decision: 'approve' })
  return new URL(scanned.location)
}

/** The one-time code that was last sent to a phone number or mail address. */
export async function oneTimeCode(target) {
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await fetch(`${world.sandbox}/otp/${encodeURIComponent(target)}`)
    if (answer.ok) return (await answer.json()).code
    await new Promise((again) => setTimeout(again, 50))
  }
  throw new Error(`no code arrived at ${target}`)
}

/** What the phone-number button of a mini program gives: `{code, encryptedData, iv}`. */
export const phoneButton = (person, app_id = app('mini_program').app_id) =>
  asked('POST', `${world.sandbox}/sandbox/people/${person}/phone-code`, { app_id })

/** What an answered PNG says as a QR code. */
export async function readCode(answer) {
  const { data, width, height } = load('pngjs').PNG.sync.read(Buffer.from(await answer.arrayBuffer()))
  const code = load('jsqr')(new Uint8ClampedArray(data), width, height)
  if (!code) throw new Error('no QR code in the picture')
  return code.data
}

/** The smallest picture there is: one pixel. */
const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** `wx.uploadFile`, whose file is always the same picture. */
export async function uploadFile({ url, name, filePath, formData = {}, success, fail }) {
  try {
    const form = new FormData()
    for (const [key, value] of Object.entries(formData)) form.set(key, value)
    form.set(name, new Blob([Buffer.from(PICTURE, 'base64')], { type: 'image/png' }), filePath)
    const answer = await fetch(url, { method: 'POST', body: form })
    success({ statusCode: answer.status, data: await answer.text() })
  } catch (error) {
    fail({ errMsg: `uploadFile:fail ${error.message}` })
  }
}
