import type { RoomsApi } from './api/rooms-api.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The rooms of the first registration of fastify-webrtc-signalling in this scope; `rooms.under(prefix)` has the others. */
    rooms: RoomsApi
  }
}
