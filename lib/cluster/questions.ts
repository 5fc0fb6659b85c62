import type { Clock } from '../rooms/clock.js'

interface Question {
  server: string
  timer: unknown
  answer: (answer: unknown) => void
}

/** No answer came in time, though the server is alive as far as is known. */
export const TOO_LATE = Symbol('no answer in time')

/** What was asked of other servers and is not answered yet. */
export class Questions {
  readonly #clock: Clock
  readonly #open = new Map<number, Question>()
  #last = 0

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /**
   * Notes a question.
   *
   * @param answer called once: with the answer, with null where the server is dead, or with {@link TOO_LATE}
   * @returns the number that its answer bears
   */
  add (server: string, timeout: number, answer: (answer: unknown) => void): number {
    const number = ++this.#last
    this.#open.set(number, { server, answer, timer: this.#clock.after(timeout, () => this.answer(number, TOO_LATE)) })
    return number
  }

  answer (number: number, answer: unknown): void {
    const question = this.#open.get(number)
    if (question === undefined) return
    this.#open.delete(number)
    this.#clock.cancel(question.timer)
    question.answer(answer)
  }

  serverDied (server: string): void {
    for (const [number, question] of [...this.#open]) if (question.server === server) this.answer(number, null)
  }

  /** Nobody is asked any more. */
  end (): void {
    for (const number of [...this.#open.keys()]) this.answer(number, TOO_LATE)
  }
}
