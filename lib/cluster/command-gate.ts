import type { Clock } from '../rooms/clock.js'

/** How many commands may wait for their answers, those that were given up included: they are in the client's queue all the same. */
const MAX_WAITING = 10_000

/** What decides who sits where does not answer. */
export class NoAnswerError extends Error {
  constructor (why: string) {
    super(`Redis does not answer: ${why}`)
  }
}

/** What is asked of the client that the host gives: ioredis's, or one of the same shape. */
export interface ScriptClient {
  evalsha (sha: string, keys: number, ...args: string[]): Promise<unknown>
  eval (script: string, keys: number, ...args: string[]): Promise<unknown>
}

/**
 * Lets commands through to Redis, each with a deadline, and no more at once than may wait. What had no answer when the connection was cut is
 * asked again only once it was looked at what Redis knows: so the client must not do it by itself.
 */
export class CommandGate implements ScriptClient {
  readonly #client: ScriptClient
  readonly #clock: Clock
  readonly #timeout: number
  #waiting = 0
  /** What waits for a connection, and is told whether to go on; null while there is one. */
  #held: Array<(go: boolean) => void> | null = null
  /** What was sent, and has no answer: told where the connection is cut. */
  readonly #sent = new Set<() => void>()
  /** Redis is known to be away: what is asked now would only wait. */
  isShut = false

  /** @param timeout how long an answer may take, in ms */
  constructor (client: ScriptClient, clock: Clock, timeout: number) {
    this.#client = client
    this.#clock = clock
    this.#timeout = timeout
  }

  /** The connection is cut: what has no answer, and what is asked now, waits until {@link open}. */
  pause (): void {
    this.#held ??= []
    for (const cut of this.#sent) cut()
    this.#sent.clear()
  }

  /** Redis answers, and what it knows of this server has been looked at. */
  open (): void {
    this.#open(true)
  }

  /** The same, and Redis has lost what it knew: what waits was asked of another state of things. */
  openAnew (): void {
    this.#open(false)
  }

  async evalsha (sha: string, keys: number, ...args: string[]): Promise<unknown> {
    return await this.#pass(async () => this.#client.evalsha(sha, keys, ...args))
  }

  async eval (script: string, keys: number, ...args: string[]): Promise<unknown> {
    return await this.#pass(async () => this.#client.eval(script, keys, ...args))
  }

  /** Runs a command whatever is known and however much waits, with the deadline. */
  async inTime (command: (deadline: { isOver: boolean }) => Promise<unknown>): Promise<unknown> {
    const deadline = { isOver: false }
    const answer = command(deadline)
    return await new Promise((resolve, reject) => {
      const timer = this.#clock.after(this.#timeout, () => {
        deadline.isOver = true
        reject(new NoAnswerError(`no answer within ${this.#timeout} ms`))
      })
      answer.finally(() => this.#clock.cancel(timer)).then(resolve, reject)
    })
  }

  async #pass (command: () => Promise<unknown>): Promise<unknown> {
    if (this.isShut) throw new NoAnswerError('the last commands had no answer')
    if (this.#waiting >= MAX_WAITING) throw new NoAnswerError(`${MAX_WAITING} commands wait already`)
    this.#waiting++
    return await this.inTime(async deadline => {
      try {
        for (;;) {
          while (this.#held !== null) {
            const go = await new Promise<boolean>(resolve => this.#held?.push(resolve))
            if (!go) throw new NoAnswerError('it has lost its data')
          }
          // Nobody waits for it any more: it must not be done all the same.
          if (deadline.isOver) throw new NoAnswerError('it came too late')
          const sent = await this.#send(command)
          if (sent !== null) return sent.answer
        }
      } finally {
        this.#waiting--
      }
    })
  }

  /** @returns null where the connection was cut before there was an answer */
  async #send (command: () => Promise<unknown>): Promise<{ answer: unknown } | null> {
    return await new Promise((resolve, reject) => {
      const cut = (): void => resolve(null)
      this.#sent.add(cut)
      command().finally(() => this.#sent.delete(cut)).then(answer => resolve({ answer }), reject)
    })
  }

  #open (go: boolean): void {
    const held = this.#held ?? []
    this.#held = null
    this.isShut = false
    for (const answer of held) answer(go)
  }
}
