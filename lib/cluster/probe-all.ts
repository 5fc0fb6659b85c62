import type { SeatRecord } from '../rooms/seat-arbiter.js'
import type { Seat, SeatRoom } from '../rooms/seat.js'
import type { AnnouncingRoom, RoomCluster } from './room-cluster.js'

/** A full room whose peers are asked whether they live. */
export interface ProbedRoom extends SeatRoom, AnnouncingRoom {
  readonly seats: readonly Seat[]
  /** A server is dead: its peers have lost their connections. */
  serverDied (server: string): void
}

/**
 * Asks everybody who sits in a full room for a sign of life, on whatever server. Those that give none lose their connection, each by its
 * own server. Resolves when all have answered, or their servers are known to be dead.
 */
export async function probeAll (sitters: readonly SeatRecord[], room: ProbedRoom, cluster: RoomCluster): Promise<void> {
  await Promise.all(sitters.map(async sitter => new Promise<void>(resolve => {
    if (sitter.server === cluster.server) {
      probeHere(sitter, room, resolve)
    } else {
      cluster.probe(sitter.server, room.roomName, sitter.id, alive => {
        // Of a server that lives and has found its peer dead, the seat's end is that one's business, and done by now.
        if (alive === null) room.serverDied(sitter.server)
        resolve()
      })
    }
  })))
}

function probeHere ({ id }: SeatRecord, room: ProbedRoom, done: () => void): void {
  const seat = room.seats.find(seat => seat.id === id)
  const link = seat?.link
  if (seat === undefined || !seat.isHere || link === null || link === undefined) {
    // It has gone meanwhile. Where it was never here, what decides is mistaken.
    if (seat === undefined) room.announce()
    done()
    return
  }
  link.probe(alive => {
    // The client may have come back on another link meanwhile.
    if (!alive && seat.link === link) {
      room.lost(seat, false)
      link.terminate()
    }
    done()
  })
}
