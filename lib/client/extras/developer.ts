import type { Extra, ExtraContext } from './extra.js'
import type { ExtraMethods } from './extra-methods.js'
import type { SignallingMessage } from './signalling-message.js'

type Methods = Pick<ExtraMethods, 'watchSignalling' | 'breakConnection'>

/** What a developer who builds on the SDK wants to see and try. */
class Developer implements Methods, Extra {
  readonly #context: ExtraContext
  #ends: Array<() => void> = []

  constructor (context: ExtraContext) {
    this.#context = context
  }

  async watchSignalling (callback: ((message: SignallingMessage) => void) | null): Promise<void> {
    this.close()
    if (callback === null) return
    if (typeof callback !== 'function') throw new TypeError('watchSignalling needs a function, or null.')
    const { connection } = this.#context.signalling
    this.#ends = [
      connection.on('sent', text => callback({ direction: 'sent', message: JSON.parse(text) })),
      connection.on('received', message => callback({ direction: 'received', message }))
    ]
  }

  async breakConnection (): Promise<void> {
    const { connection } = this.#context.signalling
    // As a network that breaks does it, without a code.
    if (connection.state === 'open') connection.lose(1006, 'It was broken on purpose.')
  }

  close (): void {
    for (const end of this.#ends) end()
    this.#ends = []
  }
}

export default function createDeveloper (context: ExtraContext): Methods & Extra {
  return new Developer(context)
}
