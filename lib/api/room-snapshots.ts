/** A peer as it is now: plain data. */
export interface PeerSnapshot {
  /** The peer's id: new for each seat, kept over resumptions. */
  id: string
  /** `absent`: its socket is lost, and its seat waits for it. */
  state: 'present' | 'absent'
  /** For how much longer, in ms, the seat waits; null while the peer is present. */
  absentFor: number | null
  resumable: boolean
  polite: boolean
  /** How many messages of this peer were relayed. */
  relayed: number
  /** How many messages wait for an absent peer. */
  kept: number
  role: string | null
  metadata: unknown
  /** The id of the server that it is connected to, where rooms span servers. */
  server?: string
}

/** A room as it is now: plain data. */
export interface RoomSnapshot {
  app: string
  name: string
  capacity: number
  /** How many joiners wait to learn whether a sitter still lives. */
  waiting: number
  /** In the order in which they sat down. */
  peers: PeerSnapshot[]
}

/** A room as one server sees it: its own peers, and the ids of all in their order. */
export interface PartialRoom extends RoomSnapshot {
  order: string[]
}

/** Puts together what several servers say of their rooms. */
export function mergeRooms (parts: readonly PartialRoom[]): RoomSnapshot[] {
  const rooms = new Map<string, PartialRoom>()
  for (const part of parts) {
    const key = `${part.app}/${part.name}`
    const room = rooms.get(key)
    if (room === undefined) {
      rooms.set(key, part)
      continue
    }
    // Each server may be a moment behind, and a peer that is moving may be seen on both.
    const peers = new Map([...room.peers, ...part.peers].map(peer => [peer.id, peer]))
    const order = part.order.length > room.order.length ? part.order : room.order
    const place = ({ id }: PeerSnapshot): number => order.includes(id) ? order.indexOf(id) : order.length
    rooms.set(key, { ...room, waiting: room.waiting + part.waiting, order, peers: [...peers.values()].sort((a, b) => place(a) - place(b)) })
  }
  return [...rooms.values()].flatMap(({ order, ...room }) => room.peers.length + room.waiting > 0 ? room : [])
}
