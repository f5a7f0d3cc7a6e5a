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

/** Writes down what a database holds; that of SQLite lies in the server's folder as it is. */
export async function dumpDatabase({ url }, file) {
  if (url.startsWith('sqlite:')) return
  execFileSync('pg_dump', ['--data-only', '--inserts', '--no-owner', '--file', file, url])
}
