import { createHash } from 'node:crypto'
import type { ScriptClient } from './command-gate.js'

/** A script that Redis runs by its hash, and gets once more where it has forgotten it: it started again, or failed over. */
export class RedisScript {
  readonly #text: string
  readonly #sha: string

  constructor (text: string) {
    this.#text = text
    this.#sha = createHash('sha1').update(text).digest('hex')
  }

  async run (client: ScriptClient, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const all = [...keys, ...args]
    try {
      return await client.evalsha(this.#sha, keys.length, ...all)
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return await client.eval(this.#text, keys.length, ...all)
    }
  }
}
