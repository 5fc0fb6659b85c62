import type { Environment } from '../../../lib/client/base/environment.js'
import { AdaptorError } from '../../../lib/client/base/client-errors.js'
import { SignallingGuard } from '../../../lib/client/guard/signalling-guard.js'
import type { Frame } from '../../../lib/client/signalling/frames.js'
import { reconnectPolicy } from '../../../lib/client/signalling/reconnect-policy.js'
import { SignallingSession } from '../../../lib/client/signalling/signalling-session.js'
import type { Machine } from './machine.js'
import type { Random } from './random.js'

/** After how many ms somebody tries again who was told that there is no seat. */
const TRIES_AGAIN_AFTER = 1_500

/** After how many ms without a connection to the other one a call is offered again, about as the SDK does it. */
export const RECOVERS_AFTER = 20_000

/** Where a page runs: on a clock that is moved, or in real time. */
export interface PersonMachine {
  /** Then nothing of it ever happens again. */
  isDead: boolean
  after (ms: number, task: () => void): unknown
  cancel (timer: unknown): void
}

/** What is around a person. */
export interface PersonWorld<M extends PersonMachine> {
  /** In ms. */
  readonly now: number
  readonly rules: { readonly talksEvery: number }
  makeMachine (name: string): M
  /** What the SDK uses of a browser, with connections that go to one server or another. */
  environmentOn (machine: M, random: Random): Pick<Environment, 'WebSocket' | 'setTimeout' | 'clearTimeout' | 'now' | 'random' | 'secret'>
  /** A message goes out on a connection: on which seat of whom. */
  said (by: Person<M>, seat: string, number: number): void
  /** A message has arrived: on which seat of whom. */
  heard (by: Person<M>, seat: string, from: string, number: number): void
  /** Whether the one with whom this one is in a call is in a call with it: browser to browser, whatever servers say. */
  flows (by: Person<M>): boolean
  /** What it was told of a seat it knew: that it is there, or that it has ended. */
  toldTwice (by: Person<M>, definition: string, seat: string): void
  /** The server has closed the connection for good. */
  closed (by: Person<M>, code: number): void
  note (who: string, what: string): void
}

/** What one says to another: who it is, and how much was said before. */
interface Said {
  readonly from: string
  readonly number: number
}

/**
 * Somebody who wants to talk in a room: the real signalling of the SDK, in a page of its own, with an application that says something now and
 * then, makes an offer where it is asked for one, and answers those that come.
 */
export class Person<M extends PersonMachine = Machine> {
  readonly name: string
  readonly room: string
  readonly machine: M
  readonly session: SignallingSession
  readonly #guard: SignallingGuard
  wants = false
  /** The page is closed, or lost. */
  isGone = false
  /** The id of the seat that it has or had. */
  seat = ''
  seatedAt = 0
  /** When it was told last that the room is full; 0 since it has a seat. */
  refusedAt = 0
  /** This page: a call is one of two pages, whichever seats they have. */
  readonly page: string
  /** The page of the other one with whom an offer was answered; empty where there is no call. */
  inCallWith = ''
  /** How many others are there, as it was told. */
  others = 0
  /** The seats that it was told have ended, and have not begun again, and when. */
  readonly left = new Map<string, number>()
  /** When a message of each of the others came last that was said after that, by their names. */
  readonly heardAt = new Map<string, number>()
  readonly #world: PersonWorld<M>
  /** What it was told last of each of the others since it has its seat. */
  readonly #told = new Map<string, string>()
  #number: number
  /** Since when an offer has no answer, or a call no connection. */
  #brokenSince: number | null = null
  #isOffering = false
  #staysOut = false
  #retry: unknown = null

  /** @param number how much the same person has said before, in a page that is gone */
  constructor (world: PersonWorld<M>, name: string, room: string, resume: boolean, random: Random, number: number) {
    this.#world = world
    this.name = name
    this.room = room
    this.#number = number
    this.page = `${name} of ${world.now}`
    const machine = this.machine = world.makeMachine(name)
    const environment = world.environmentOn(machine, random) as Environment
    const session = this.session = new SignallingSession(environment, { url: 'wss://example.org/app', reconnect: reconnectPolicy, resume })
    this.#guard = new SignallingGuard({
      environment,
      signalling: session,
      AdaptorError,
      announcer: { report: error => world.note(name, `error ${error.name}`) }
    })
    session.on('seated', ({ frame, resumed }) => this.#seated(frame, resumed))
    session.on('seat', frame => this.#heard(frame))
    session.on('notification', ({ definition, peerId }) => this.#notified(definition, String(peerId)))
    session.on('error', error => world.note(name, `error ${error.name}`))
    session.on('closed', ({ code }) => {
      world.note(name, `closed ${code}`)
      this.#hangUp()
      world.closed(this, code)
      this.#tryAgain()
    })
    session.on('left', () => {
      this.#hangUp()
      this.#tryAgain()
    })
    // What has waited goes out before anybody is told of the seat.
    session.connection.on('received', ({ definition, peerId }) => { if (definition === 'joined') this.seat = String(peerId) })
    session.connection.on('sent', text => {
      if (!text.startsWith('{"command":"peerMessageCommand"')) return
      world.said(this, this.seat, (JSON.parse(text) as { data: Said }).data.number)
    })
    machine.after(random.int(0, world.rules.talksEvery), () => this.#talk())
  }

  /** How much it has said. */
  get number (): number {
    return this.#number
  }

  get isSeated (): boolean {
    return !this.machine.isDead && this.session.seated
  }

  /** Does something in its own page, as soon as that runs. */
  does (what: () => void): void {
    this.machine.after(0, what)
  }

  join (): void {
    if (this.#staysOut) return
    this.wants = true
    const { room } = this
    this.session.roomJoin.join({ room, token: null, watch: false }).catch((error: unknown) => {
      if (!(error instanceof AdaptorError)) throw error
      if (error.name === 'NoSpaceForNewPeer') this.refusedAt = this.#world.now
      this.#tryAgain()
    })
  }

  leave (): void {
    this.wants = false
    this.#hangUp()
    void this.session.roomJoin.leave()
  }

  /** There is no seat for this one until it is told otherwise. */
  stayOut (): void {
    this.#staysOut = true
    this.does(() => this.leave())
  }

  comeIn (): void {
    this.#staysOut = false
    this.does(() => { if (!this.wants) this.join() })
  }

  /** The page is closed: as browsers do it, with a clean close. */
  close (): void {
    this.isGone = true
    this.wants = false
    this.does(() => {
      this.session.close()
      // What it has sent still goes out; the page itself is gone.
      this.does(() => { this.machine.isDead = true })
    })
  }

  /** The page is gone without a word. */
  die (): void {
    this.isGone = this.machine.isDead = true
  }

  #tryAgain (): void {
    if (!this.wants || this.#retry !== null) return
    this.#retry = this.machine.after(TRIES_AGAIN_AFTER, () => {
      this.#retry = null
      if (this.wants && !this.session.seated) this.join()
    })
  }

  #seated (frame: Frame, resumed: boolean): void {
    this.#world.note(this.name, `${resumed ? 'resumed' : 'seated'} with ${String(frame.peers)}`)
    this.refusedAt = 0
    if (resumed) return
    this.seatedAt = this.#world.now
    this.others = Number(frame.peers)
    this.#told.clear()
  }

  #notified (definition: unknown, peer: string): void {
    this.#world.note(this.name, `is told ${String(definition)} ${peer}`)
    if (definition !== 'peerJoined' && definition !== 'peerLeft') return
    if (this.#told.get(peer) === definition) this.#world.toldTwice(this, definition, peer)
    this.#told.set(peer, definition)
    if (definition === 'peerJoined') {
      this.others++
      // A seat that was given away in a Redis that is gone is there again.
      this.left.delete(peer)
      return
    }
    this.others--
    this.left.set(peer, this.#world.now)
  }

  #heard (frame: Frame): void {
    const { command, data, type, sdp, reason } = frame
    if (command === 'peerMessageCommand') {
      const { from, number } = data as Said
      this.heardAt.set(from, this.#world.now)
      this.#world.heard(this, this.seat, from, number)
    } else if (command === 'start') {
      this.#world.note(this.name, 'is asked for an offer')
      this.#offer()
    } else if (command === 'stop') {
      this.#world.note(this.name, 'is told to stop')
      // A call goes on where only the other one's way to the server is lost.
      if (reason !== 'lost' || this.inCallWith === '') this.#hangUp()
    } else if (command === 'takeConfiguration') {
      // The answer to an offer that was given up.
      if (type === 'answer' && !this.#isOffering) return
      this.#hangUp()
      this.inCallWith = String(sdp)
      if (type === 'offer') this.#describe('answer')
    }
  }

  #offer (): void {
    this.#isOffering = true
    this.#brokenSince = this.#world.now
    this.#describe('offer')
  }

  #describe (type: 'offer' | 'answer'): void {
    this.session.sender.relay({ command: 'takeConfiguration', streamId: this.room, type, sdp: this.page })
  }

  #hangUp (): void {
    this.inCallWith = ''
    this.#isOffering = false
    this.#brokenSince = null
  }

  /** A call that does not come about, or is broken, is offered again. */
  #recover (): void {
    const { now } = this.#world
    if (!this.#isOffering && (this.inCallWith === '' || this.#world.flows(this))) this.#brokenSince = null
    else this.#brokenSince ??= now
    if (this.#brokenSince === null || this.others !== 1 || now - this.#brokenSince < RECOVERS_AFTER) return
    this.#world.note(this.name, 'offers again')
    this.#offer()
  }

  #talk (): void {
    this.machine.after(this.#world.rules.talksEvery, () => this.#talk())
    // A closed page whose machine sleeps ends when that awakes. The next page counts on from here, so this one says no more.
    if (!this.isSeated || this.isGone) return
    this.#recover()
    const data: Said = { from: this.name, number: this.#number + 1 }
    try {
      this.#guard.sender.send({ command: 'peerMessageCommand', streamId: this.room, definition: 'chat', data })
      this.#number++
    } catch (error) {
      // There is nobody else.
      if (!(error instanceof AdaptorError)) throw error
    }
  }
}
