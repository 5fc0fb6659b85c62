/** What `authorize` says of a peer; shown in `fastify.rooms`. */
export interface PeerProfile {
  role?: string
  metadata?: unknown
}
