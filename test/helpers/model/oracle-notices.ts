import { encode, type ServerMessage } from '../../../lib/protocol/codec.js'
import type { Entry } from './oracle-seat.js'

const ID = '00000000-0000-0000-0000-000000000000'

/** What the server itself tells those who stay in a room. */
export const oracleNotices = {
  peerJoined: (room: string) => entryOf(`peerJoined ${room}`, { command: 'notification', definition: 'peerJoined', streamId: room, peerId: ID }),
  start: (room: string) => entryOf(`start ${room}`, { command: 'start', streamId: room }),
  stop: (room: string, reason: Reason) => entryOf(`stop ${room} ${reason}`, { command: 'stop', streamId: room, reason }),
  peerLeft: (room: string, reason: Reason) =>
    entryOf(`peerLeft ${room} ${reason}`, { command: 'notification', definition: 'peerLeft', streamId: room, peerId: ID, reason })
}

/** Why a peer has gone. */
export type Reason = 'left' | 'lost' | 'removed'

function entryOf (what: string, message: ServerMessage): Entry {
  return { what, bytes: encode(message).length }
}
