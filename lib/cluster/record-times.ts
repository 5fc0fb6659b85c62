// How long Redis keeps what nobody needs any more, in leases: so nothing outlives the servers that it was about, and nobody has to look for it.

/** After how many leases Redis forgets a room, or the messages for a server, of which no server says anything. */
export const KEPT_FOR = 100

/** After how many leases a room does not count any more, of which no server says that it goes on. */
export const COUNTED_FOR = 30

/** Every how many leases each server says that it still has a room. */
export const RENEWED_EVERY = 10

/**
 * After how many leases a dead server is forgotten. It is less than a room is kept for after its last renewal: a server that was cut off for
 * so long that rooms may be forgotten is forgotten too, and takes it as a Redis that has lost its data.
 */
export const SERVER_KEPT_FOR = KEPT_FOR - 2 * RENEWED_EVERY
