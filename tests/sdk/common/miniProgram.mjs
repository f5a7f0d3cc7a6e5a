// As much of `wx` as the SDKs look for.
import { wxLogin } from './world.mjs'

/** Makes this process a mini program on the phone of `person`. */
export function becomeMiniProgram(person) {
  const items = new Map()
  const wx = {
    login({ success, fail, complete } = {}) {
      const login = wxLogin(person).then(({ code }) => ({ code, errMsg: 'login:ok' }))
      login.then(success, fail).finally(() => complete?.())
      return login
    },
    request(options) {
      send(options).then(options.success, (error) => options.fail?.({ errMsg: `request:fail ${error.message}` }))
        .finally(() => options.complete?.())
      return { abort() {}, onHeadersReceived() {}, offHeadersReceived() {} }
    },
    getStorageSync: (key) => items.get(key) ?? '',
    setStorageSync: (key, value) => void items.set(key, value),
    removeStorageSync: (key) => void items.delete(key),
    clearStorageSync: () => items.clear(),
    getStorageInfoSync: () => ({ keys: [...items.keys()] }),
    getStorage: ({ key, success, fail }) =>
      items.has(key) ? success?.({ data: items.get(key) }) : fail?.({ errMsg: 'getStorage:fail data not found' }),
    setStorage: ({ key, data, success }) => (items.set(key, data), success?.()),
    removeStorage: ({ key, success }) => (items.delete(key), success?.()),
    getSystemInfoSync: () => ({ platform: 'devtools', SDKVersion: '3.0.0', version: '8.0.5' }),
    getAccountInfoSync: () => ({ miniProgram: { appId: 'wx' } }),
    connectSocket: () => ({ onOpen() {}, onClose() {}, onError() {}, onMessage() {}, send() {}, close() {} }),
    onSocketOpen() {},
    onSocketMessage() {},
    onSocketError() {},
    onSocketClose() {},
  }
  globalThis.wx = wx
  globalThis.App = () => {}
  globalThis.Page = () => {}
  globalThis.getApp = () => ({})
  return wx
}

/** `wx.request` as WeChat documents it: objects are sent as JSON, or as a form if the header says so. */
async function send({ url, method = 'GET', data, header = {}, dataType = 'json' }) {
  const headers = Object.fromEntries(Object.entries(header).map(([name, value]) => [name.toLowerCase(), String(value)]))
  headers['content-type'] ??= 'application/json'
  const target = new URL(url)
  let body
  if (data !== undefined && data !== null) {
    if (method.toUpperCase() === 'GET') {
      for (const [name, value] of Object.entries(data)) target.searchParams.set(name, value)
    } else if (typeof data === 'string' || data instanceof ArrayBuffer) {
      body = data
    } else if (headers['content-type'].includes('x-www-form-urlencoded')) {
      body = new URLSearchParams(data).toString()
    } else {
      body = JSON.stringify(data)
    }
  }
  const answer = await fetch(target, { method, headers, body })
  const text = await answer.text()
  let parsed = text
  if (dataType === 'json') {
    try {
      parsed = JSON.parse(text)
    } catch {
      parsed = text
    }
  }
  return { statusCode: answer.status, data: parsed, header: Object.fromEntries(answer.headers), errMsg: 'request:ok' }
}
