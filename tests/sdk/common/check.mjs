// One line for each thing that is checked.
import assert from 'node:assert/strict'

export { assert }

const PATIENCE = 20_000

/** Checks one thing: `work` must end in time and throw nothing. Answers what `work` answers. */
export async function check(name, work) {
  let timer
  try {
    const late = new Promise((_, failed) => {
      timer = setTimeout(() => failed(new Error(`not done after ${PATIENCE / 1000} s`)), PATIENCE)
    })
    const answer = await Promise.race([work(), late])
    console.log(`  ✓ ${name}`)
    return answer
  } catch (error) {
    process.exitCode = 1
    const said = error instanceof Error ? error.stack : JSON.stringify(error)
    console.log(`  ✗ ${name}\n    ${said.replaceAll('\n', '\n    ')}`)
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

/** What `work` throws; fails if it throws nothing. */
export async function thrown(work) {
  let answer
  try {
    answer = await work()
  } catch (error) {
    return error
  }
  return assert.fail(`nothing was thrown, but answered: ${Object.keys(answer ?? {}).join(', ') || answer}`)
}

/** Ends the process: SDKs leave timers behind. */
export function done() {
  process.exit(process.exitCode ?? 0)
}
