import type { ClientKind } from '../../../lib/rooms/client-kind.js'
import type { Line, View } from './line.js'

/** What each make of client adds to its `join`, from their sources. */
export const SHAPES: Record<ClientKind, object> = {
  android: { token: '' },
  ios: { token: '', video: true, audio: true, trackList: [] },
  flutter: { multiPeer: false, mode: 'play or both' },
  other: {}
}

/** A client: the line that it uses, the lines that it has left behind and the server may still know, and what it remembers. */
export class ModelClient {
  line: Line | null = null
  readonly stale: Line[] = []
  /** Every seat that it was told of, by room, the newest last. */
  readonly memory = new Map<string, View[]>()
  /** The claims that it made up, the newest last. */
  readonly claims: string[]

  constructor (readonly app: string, claim: string) {
    this.claims = [claim]
  }

  /** The client goes on without its line, which the server may still take for alive. */
  abandon (): void {
    if (this.line?.real.alive === true) this.stale.push(this.line)
    this.line = null
  }

  /** The client is told of a seat, and makes up the claim of its next join. */
  remember (view: View, claim: string): void {
    this.claims.push(claim)
    const { name } = view.seat.room
    const views = this.memory.get(name) ?? []
    views.push(view)
    this.memory.set(name, views)
  }
}

/** The newest token that somebody got in another room, or in the room of this name in another application. */
export function foreignView (client: ModelClient, room: string, clients: ModelClient[]): View | undefined {
  for (const other of clients) {
    for (const [name, views] of other.memory) {
      if (other.app !== client.app || name !== room) return views.at(-1)
    }
  }
  return undefined
}

export type RelayedKind = 'offer' | 'candidate' | 'message'

/** A message for the other peer, with so many characters of text. */
export function relayed (kind: RelayedKind, size: number, fields: object): object {
  const text = 'x'.repeat(size)
  return {
    offer: { command: 'takeConfiguration', type: 'offer', sdp: text, ...fields },
    candidate: { command: 'takeCandidate', label: 0, id: '0', candidate: text, ...fields },
    message: { command: 'peerMessageCommand', definition: 'chat', data: text, ...fields }
  }[kind]
}
