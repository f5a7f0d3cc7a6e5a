// As much of a web page as the SDKs look for.

class Storage {
  #items = new Map()
  getItem(key) {
    return this.#items.get(String(key)) ?? null
  }
  setItem(key, value) {
    this.#items.set(String(key), String(value))
  }
  removeItem(key) {
    this.#items.delete(String(key))
  }
  clear() {
    this.#items.clear()
  }
  key(index) {
    return [...this.#items.keys()][index] ?? null
  }
  get length() {
    return this.#items.size
  }
}

/** Makes this process a page at `url`. */
export function becomePage(url) {
  const location = new URL(url)
  const page = {
    location,
    localStorage: new Storage(),
    sessionStorage: new Storage(),
    addEventListener() {},
    removeEventListener() {},
    WebSocket: globalThis.WebSocket ?? class WebSocket {},
  }
  for (const [name, value] of Object.entries(page)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  }
  globalThis.window = globalThis
  return page
}
