import type { ChildProcess } from 'node:child_process'

type Channel = ChildProcess | NodeJS.Process
type Method = (...args: never[]) => unknown
interface Call { call: number, method: string, args: unknown[] }
interface Answer { answer: number, value?: unknown, error?: string }

/** Calls across the IPC channel between two Node processes, in both directions. */
export class Rpc {
  readonly #channel: Channel
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #next = 0

  constructor (channel: Channel, methods: Record<string, Method>) {
    this.#channel = channel
    channel.on('message', (message: Call | Answer) => {
      if ('answer' in message) this.#waiting.get(message.answer)?.(message)
      else if ('call' in message) void this.#serve(message, methods)
    })
    channel.once('exit', () => {
      for (const end of this.#waiting.values()) end({ answer: 0, error: 'the process has ended' })
    })
  }

  async call<T> (method: string, ...args: unknown[]): Promise<T> {
    const call = this.#next++
    const answer = await new Promise<Answer>(resolve => {
      this.#waiting.set(call, resolve)
      this.#channel.send?.({ call, method, args })
    })
    this.#waiting.delete(call)
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error}`)
    return answer.value as T
  }

  async #serve ({ call, method, args }: Call, methods: Record<string, Method>): Promise<void> {
    try {
      const value = await methods[method]?.(...args as never[])
      this.#channel.send?.({ answer: call, value })
    } catch (error) {
      this.#channel.send?.({ answer: call, error: String(error instanceof Error ? error.stack : error) })
    }
  }
}
