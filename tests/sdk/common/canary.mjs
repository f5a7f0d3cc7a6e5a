// The secrets of these tests carry one word, so that scripts/find-canaries recognises them wherever they turn up.
import { randomBytes } from 'node:crypto'

const WORD = 'yaopai-canary'

/** A secret that nobody has used yet. */
export const canary = () => `${WORD}-${randomBytes(16).toString('hex')}`

/** The password of whoever registers with one. */
export const PASSWORD = `${WORD} correct horse`
