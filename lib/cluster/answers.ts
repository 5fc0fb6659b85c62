import type { AskedByServer } from '../rooms/other-servers.js'
import type { RoomRegistry } from '../rooms/room-registry.js'
import type { RoomName, SeatArbiter } from '../rooms/seat-arbiter.js'
import type { ServerQuestion } from './between-servers.js'
import type { FrameDelivery } from './frame-delivery.js'
import type { MovedSeat } from './room-cluster.js'
import { SharedRoom } from './shared-room.js'

export interface AnswersParts {
  /** The id of this server. */
  readonly server: string
  readonly arbiter: SeatArbiter
  readonly frames: FrameDelivery
  readonly rooms: () => RoomRegistry | null
  /** Resolves when the rooms have said all that they had to say. */
  whenIdle (): Promise<void>
  /** Resolves when what was sent so far is where the others read it. */
  written (): Promise<void>
}

/** Answers what other servers ask. */
export class Answers {
  readonly #parts: AnswersParts
  /** Answers what is asked on behalf of the application. */
  asked: AskedByServer = () => null

  constructor (parts: AnswersParts) {
    this.#parts = parts
  }

  /**
   * @param from the server that asks
   * @param answer called once. Not where it fails: then nothing is known
   */
  async give (question: ServerQuestion, from: string, answer: (answer: unknown) => void): Promise<void> {
    switch (question.what) {
      case 'probe': return this.#probe(question.room, question.seat, answer)
      case 'handOver':
        await this.#parts.written()
        return this.#handOver(question, from, answer)
      case 'finish':
        // What was heard may wait for answers.
        await this.#parts.whenIdle()
        await this.#parts.written()
        return answer(true)
      case 'call': return answer(this.asked(question.method, question.args))
    }
  }

  async #probe (name: RoomName, id: string, answer: (alive: boolean) => void): Promise<void> {
    const { server, arbiter, rooms } = this.#parts
    const found = rooms()?.find(name.app, name.room)
    const room = found instanceof SharedRoom ? found : undefined
    const seat = rooms()?.seat(id)
    const link = seat?.link
    if (seat === undefined || link === null || link === undefined) {
      // Nobody has told who decides, or not yet.
      if (room !== undefined) room.announce()
      else if (seat === undefined) await arbiter.announce(name, server, [], 2)
      await room?.whenIdle()
      answer(false)
      return
    }
    link.probe(alive => {
      if (!alive && seat.link === link) {
        seat.room.lost(seat, false)
        link.terminate()
      }
      void (room?.whenIdle() ?? Promise.resolve()).then(() => answer(alive))
    })
  }

  #handOver ({ seat: id, fence, received }: ServerQuestion & { what: 'handOver' }, from: string, answer: (handOver: MovedSeat | null) => void): void {
    const { frames, rooms } = this.#parts
    const seat = rooms()?.seat(id)
    // The question may have been long on its way: its client may be here again by now.
    const told = seat?.room instanceof SharedRoom ? seat.room.toldTo(seat, fence) : null
    const handOver = told === null ? null : seat?.handOver(received) ?? null
    if (seat === undefined || told === null || handOver === null || !(seat.room instanceof SharedRoom)) {
      answer(null)
      return
    }
    answer({ ...handOver, numbers: frames.numbersOf(seat), peers: seat.proof?.peers, told })
    // What comes for the seat from now on goes behind the answer.
    seat.room.giveAway(seat, from)
  }
}
