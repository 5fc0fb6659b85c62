import type { Outgoing } from '../signalling/early-sender.js'

/** A message to the other side of a session, with the fields that this SDK adds to the wire's own. */
export type SessionMessage = Outgoing & { session: string, negotiation?: number, fresh?: boolean, usernameFragment?: string }

type WithoutAddress<T> = T extends unknown ? Omit<T, 'streamId' | 'session'> : never

/** A session message before its room and session are added. */
export type UnaddressedMessage = WithoutAddress<SessionMessage>
