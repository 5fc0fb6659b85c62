import { WebSocket } from 'ws'
import { complaintAbout } from '../../helpers/signalling-client.js'
import type { PersonMachine } from '../simulator/person.js'
import type { RealServer } from './fleet.js'

/** A port at which nobody listens: of the protocol `tcpmux`, which nobody has. */
const NOBODY = 'ws://127.0.0.1:1/'

/** What a server says to those alone who have a seat. */
const OF_SEATS = ['start', 'stop', 'takeConfiguration', 'takeCandidate', 'peerMessageCommand', 'peerJoined', 'peerLeft']

/** The page of a person, in real time. */
export class Page implements PersonMachine {
  isDead = false
  readonly sockets = new Set<PageSocket>()

  after (ms: number, task: () => void): unknown {
    return setTimeout(() => { if (!this.isDead) task() }, ms)
  }

  cancel (timer: unknown): void {
    clearTimeout(timer as NodeJS.Timeout)
  }

  cut (): void {
    for (const socket of this.sockets) socket.terminate()
  }

  /** Reads nothing, so that it answers no ping either. */
  freeze (): void {
    for (const socket of this.sockets) socket.pause()
  }

  thaw (): void {
    for (const socket of this.sockets) socket.resume()
  }

  /** It is gone without a word, and its connections are cut, or stay and read nothing. */
  vanish (isCut: boolean): void {
    this.isDead = true
    for (const socket of this.sockets) {
      socket.onopen = socket.onmessage = socket.onclose = null
      if (isCut || socket.readyState !== WebSocket.OPEN) socket.terminate()
      else socket.pause()
    }
  }
}

/** A connection of a page, which looks at what comes before the page does. */
export class PageSocket extends WebSocket {
  readonly server: RealServer | null
  #sits = false

  constructor (page: Page, server: RealServer | null, broken: (invariant: string, how: string) => void) {
    super(server === null ? NOBODY : `${server.origin.replace('http', 'ws')}/app`)
    this.server = server
    page.sockets.add(this)
    this.on('close', () => page.sockets.delete(this))
    // It ends all the same.
    this.on('error', () => {})
    this.on('message', (data: Buffer) => {
      const text = String(data)
      const complaint = complaintAbout(text)
      if (complaint !== null) broken('each frame satisfies its schema', `${complaint}: ${text}`)
      const { command, definition } = JSON.parse(text) as { command: string, definition?: string }
      const name = command === 'notification' ? definition ?? '' : command
      if (name === 'joined') this.#sits = true
      else if (name === 'leaved') this.#sits = false
      else if (!this.#sits && OF_SEATS.includes(name)) broken('a message reaches nobody without a seat', text)
    })
  }
}
