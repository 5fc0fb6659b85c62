/**
 * Every `definition` of an `error` on the wire, with its meaning. Ant Media's clients know the first five; the others follow
 * their style.
 */
export const ERRORS = {
  noStreamNameSpecified: 'The message needs a streamId, the name of the room.',
  invalidStreamName: 'streamId must be 1 to 128 characters of A-Z a-z 0-9 _ . -',
  NoSpaceForNewPeer: 'The room is full. Where retryAfter is given, a seat may become free by then.',
  no_peer_associated_before: 'Nobody else sits in the room, so there is nobody to relay to.',
  unauthorized_access: 'You may not join this room.',
  notJson: 'A frame must be one JSON text in UTF-8.',
  notAnObject: 'A frame must be a JSON object with a command.',
  invalidField: 'A field has the wrong shape; the message names it.',
  unknownCommand: 'The server does not know this command.',
  notInRoom: 'You have no seat in this room: join it first.',
  tooManyRooms: 'Too many rooms: on this connection, or in this application.',
  rateExceeded: 'Too many messages, bytes or joins in a short time.',
  tooLarge: 'The frame is larger than the server takes.',
  serverBusy: 'What decides who sits where does not answer right now: try again after retryAfter.',
  serverDraining: 'The server is about to stop and takes no new joins.',
  internalError: 'The server could not do that; its log says why.'
} as const

export type ErrorDefinition = keyof typeof ERRORS

export const ERROR_DEFINITIONS = Object.keys(ERRORS) as ErrorDefinition[]

/**
 * The WebSocket close codes of the server (RFC 6455 section 7.4.1; 4001 is from the private range of 7.4.2). `resumable` says whether
 * the seats of the connection can be resumed after the close. A client must not lose its call by one bad frame that is not its fault,
 * but a client that was removed, or goes on above the limits, has left.
 */
export const CLOSE_CODES = {
  goingAway: { code: 1001, resumable: false, meaning: 'The server drains: come back after retryAfter.' },
  protocolError: { code: 1002, resumable: true, meaning: 'The bytes are not WebSocket frames (RFC 6455).' },
  invalidText: { code: 1007, resumable: true, meaning: 'A text frame was not UTF-8.' },
  policy: { code: 1008, resumable: false, meaning: 'A limit was exceeded after its error, or the server put the peer out.' },
  tooLarge: { code: 1009, resumable: true, meaning: 'A frame was larger than the server takes.' },
  fault: { code: 1011, resumable: true, meaning: 'The server failed on this connection; its log says why.' },
  tryLater: { code: 1013, resumable: false, meaning: 'Nothing was joined in time, or the server is too busy: try again later.' },
  seatResumed: { code: 4001, resumable: false, meaning: 'The seat was resumed on another connection.' }
} as const

export type CloseReason = keyof typeof CLOSE_CODES

/**
 * Whether a client that closes with this code gives its seats up. A page that is reloaded or closed says 1001; 1005 stands for a close
 * frame without a code (RFC 6455 section 7.4.1). Everything else is a loss, after which a seat can be resumed.
 */
export function isGoodbye (code: number): boolean {
  return code === 1000 || code === 1001 || code === 1005
}
