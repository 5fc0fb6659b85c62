import type { RoomName } from '../rooms/seat-arbiter.js'
import type { FrameNumber } from './frame-order.js'
import type { RoomNews } from './room-news.js'

// What servers say to each other. A frame for a peer goes as it is, behind the id of its seat; all else is JSON.

/** What one server asks another. */
export type ServerQuestion =
  | { what: 'probe', room: RoomName, seat: string }
  | { what: 'handOver', seat: string, fence?: number, received?: number }
  | { what: 'call', method: string, args: readonly unknown[] }
  | { what: 'finish' }

/** The application of a server decides whether the owner of a seat may come back. `token` is the hash of what proves the owner. */
export type Deciding =
  | { type: 'deciding', number: number, seat: string, token: string }
  | { type: 'decided', number: number }

export type BetweenServers =
  | Deciding
  | { type: 'news', room: RoomName, news: RoomNews }
  | { type: 'offered', room: RoomName, seat: string }
  | { type: 'question', number: number, question: ServerQuestion }
  | { type: 'answer', number: number, answer: unknown }

export interface RelayedFrame {
  type: 'frame'
  seat: string
  number: FrameNumber
  /** The seat whose peer has said it. */
  sender: string
  frame: string
}

export function writeFrame ({ seat, number: { from, stream, number }, sender, frame }: RelayedFrame): string {
  return `>${seat} ${from} ${stream} ${number} ${sender}\n${frame}`
}

export function writeMessage (message: BetweenServers): string {
  return JSON.stringify(message)
}

export function readMessage (text: string): BetweenServers | RelayedFrame {
  if (!text.startsWith('>')) return JSON.parse(text) as BetweenServers
  const end = text.indexOf('\n')
  const [seat = '', from = '', stream, number, sender = ''] = text.slice(1, end).split(' ')
  return { type: 'frame', seat, number: { from, stream: Number(stream), number: Number(number) }, sender, frame: text.slice(end + 1) }
}
