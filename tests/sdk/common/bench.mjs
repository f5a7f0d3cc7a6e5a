// Runs test files one after the other, each in a process of its own beside a fresh sandbox and a fresh server: SDKs keep
// global state, and nobody in a test may know whom another one registered. Prints what fails last; keeps its logs then, and
// always where YAOPAI_SCRATCH says to keep them, with what the database holds and the secrets that must not be in them.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { canary } from './canary.mjs'
import { dumpDatabase, makeDatabase } from './database.mjs'

const [engine, ...files] = process.argv.slice(2)
const programs = process.env.YAOPAI_PROGRAMS
const here = resolve(import.meta.dirname, '..')
const scratch = process.env.YAOPAI_SCRATCH
const logs = await mkdtemp(join(scratch ?? tmpdir(), 'yaopai-sdk-'))
const PATIENCE = 60_000

/** Starts a program and waits until it says where it listens. */
async function start(name, args, env, folder) {
  const log = await open(join(folder, `${name}.log`), 'w')
  const child = spawn(join(programs, name), args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', log.fd],
  })
  const ended = new Promise((done) => child.once('exit', done))
  let said = ''
  const url = await new Promise((found, failed) => {
    const give = (why) => failed(new Error(`${name} ${why}; see ${join(folder, `${name}.log`)}`))
    const timer = setTimeout(() => give('does not say where it listens'), PATIENCE)
    child.once('error', (error) => give(error.message))
    ended.then((code) => give(`ended with ${code}`))
    child.stdout.on('data', (chunk) => {
      said += chunk
      const line = said.match(/ on (http\S+)\s/)
      if (!line) return
      clearTimeout(timer)
      found(line[1].replace(/\/$/, ''))
    })
  })
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    await log.close()
  }
  return { url, said: () => said, stop }
}

/** A port that nobody listens on now. */
function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => found(port))
    })
  })
}

/** Runs one test file; whether everything in it held. */
async function run(file) {
  const folder = join(logs, file.replaceAll('/', '-').replace(/\.mjs$/, ''))
  await mkdir(folder, { recursive: true })
  const running = []
  try {
    const smtp = await freePort()
    const deliverySecret = canary()
    const serverPort = await freePort()
    const serverUrl = `http://127.0.0.1:${serverPort}`
    const sandbox = await start(
      'yaopai-sandbox',
      ['--listen', '127.0.0.1:0', '--smtp-listen', `127.0.0.1:${smtp}`, '--miniprogram-server', serverUrl],
      {},
      folder,
    )
    running.push(sandbox)
    const apps = await (await fetch(`${sandbox.url}/sandbox/apps`)).json()
    const keys = { admin: canary(), support: canary() }
    const authingKey = { id: randomBytes(12).toString('hex'), secret: canary() }
    const secrets = [...apps.map((app) => app.app_secret), ...Object.values(keys), authingKey.secret, deliverySecret]
    await writeFile(join(folder, 'canaries'), `${secrets.join('\n')}\n`, { mode: 0o600 })
    const extra = await readFile(join(here, file.replace(/\.mjs$/, '.toml')), 'utf8').catch(() => '')
    await writeFile(join(folder, 'bootstrap.toml'), bootstrap({ apps, keys, authingKey }) + extra, { mode: 0o600 })
    const database = await makeDatabase(engine, folder)
    const server = await start(
      'yaopai-server',
      [
        ...['--listen', `127.0.0.1:${serverPort}`, '--data-dir', folder, '--bootstrap', join(folder, 'bootstrap.toml')],
        ...['--wechat-api-url', sandbox.url, '--wechat-open-url', sandbox.url, '--wechat-poll-url', sandbox.url],
        ...['--sms-webhook-url', `${sandbox.url}/sms`],
        ...['--mail-url', `smtp://127.0.0.1:${smtp}`, '--mail-from', 'yaopai@example.com'],
      ],
      { YAOPAI_DATABASE_URL: database.url, YAOPAI_SMS_WEBHOOK_SECRET: deliverySecret },
      folder,
    )
    running.push(server)
    const told = { url: server.url, sandbox: sandbox.url, apps, keys, authingKey }
    const node = spawn(process.execPath, [join(here, file)], {
      env: { ...process.env, YAOPAI_BENCH: JSON.stringify(told) },
      stdio: 'inherit',
    })
    const held = (await new Promise((ended) => node.once('exit', ended))) === 0
    if (scratch) await dumpDatabase(database, join(folder, 'database.sql'))
    return held
  } catch (error) {
    console.log(`  ✗ ${error.message}`)
    return false
  } finally {
    for (const program of running.reverse()) await program.stop()
  }
}

const failed = []
for (const file of files) {
  console.log(`${file} (${engine})`)
  if (!(await run(file))) failed.push(file)
}
if (failed.length) {
  console.log(`Failed: ${failed.join(', ')}. What the programs logged is in ${logs}`)
  process.exitCode = 1
} else if (!scratch) {
  await rm(logs, { recursive: true })
}
