// A fresh database for one server.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'

/** The database URL to start a server with. */
export async function makeDatabase(engine, folder) {
  if (engine === 'sqlite') return { url: `sqlite:${join(folder, 'backend.db')}` }
  const url = new URL(process.env.YAOPAI_TEST_POSTGRES_URL)
  const name = `sdk_${randomBytes(6).toString('hex')}`
  execFileSync('psql', ['--quiet', '--command', `CREATE DATABASE ${name}`, url.href])
  url.pathname = `/${name}`
  return { url: url.href }
}
