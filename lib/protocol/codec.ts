import { Compile, type Validator } from './typebox.js'
import type { ErrorDefinition } from './codes.js'
import { ClientMessageSchemas, RELAYED_COMMANDS, type ClientCommand, type ClientMessage } from './client-messages.js'
import type {
  ErrorMessage, IceServerConfig, Joined, Leaved, CustomNotification, PeerJoined, PeerLeft, Pong, ServerWillStop, Start, Stopped
} from './server-messages.js'

/** A message that the server writes itself. Relayed messages are sent on as the bytes that came in. */
export type ServerMessage = Joined | Start | Stopped | Leaved | PeerJoined | PeerLeft | CustomNotification | Pong |
  IceServerConfig | ServerWillStop | ErrorMessage

/** What is wrong with a frame, ready to be answered. */
export interface BadFrame {
  error: ErrorDefinition
  message: string
  streamId?: string
  /** Whether the frame would have been relayed to the other peer. */
  relayed?: boolean
}

// One compiled check per command: a union would try branch after branch, and could not say which field is wrong.
// A Map, since a plain object would answer to `constructor` and `__proto__`, which a client may send as a command.
const checks = new Map<string, Validator>()
for (const [command, schema] of Object.entries(ClientMessageSchemas)) checks.set(command, Compile(schema))

/** The commands as a list for error messages. */
const known = Object.keys(ClientMessageSchemas).join(', ')

/**
 * Decodes one text frame. It is parsed once and checked once, by the schema of its command. Unknown fields are accepted.
 *
 * @returns the message, or the error to answer if it is not one
 */
export function decode (text: string): ClientMessage | BadFrame {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { error: 'notJson', message: 'The frame is not JSON.' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { error: 'notAnObject', message: 'The frame is JSON, but not an object with a command.' }
  }
  const message = value as Record<string, unknown>
  const { command } = message
  if (typeof command !== 'string') {
    return { error: 'invalidField', message: 'command must be a string.' }
  }
  const check = checks.get(command)
  if (check === undefined) {
    return { error: 'unknownCommand', message: `Unknown command ${quote(command)}. Known are ${known}.` }
  }
  // Clients of 2017 call the room streamName.
  if (command === 'join' && message.streamId === undefined) message.streamId = message.streamName
  if (check.Check(message)) return message as ClientMessage
  return explain(check, message)
}

/** Whether a value of the application can be written as JSON: no function, BigInt or circle, nor an object whose `toJSON` throws. */
export function isJson (value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined
  } catch {
    return false
  }
}

/** Whether messages of this command go to the other peer, and count in `received`. */
export function isRelayed (command: string): boolean {
  return (RELAYED_COMMANDS as readonly string[]).includes(command)
}

/** Whether {@link decode} found a fault. */
export function isBadFrame (decoded: ClientMessage | BadFrame): decoded is BadFrame {
  return 'error' in decoded && !('command' in decoded)
}

// Reached only by a bad frame, so it may be slow.
function explain (check: Validator, message: Record<string, unknown>): BadFrame {
  const problems = new Map<string, string>()
  for (const error of check.Errors(message)) {
    if (error.keyword === 'required') {
      for (const field of error.params.requiredProperties) problems.set(field, 'is missing')
    } else {
      const field = error.instancePath.slice(1)
      if (field !== '' && !problems.has(field)) problems.set(field, error.message)
    }
  }
  const streamId = message.streamId
  if (problems.has('streamId')) {
    return streamId === undefined || streamId === null || streamId === ''
      ? { error: 'noStreamNameSpecified', message: 'streamId, the name of the room, is missing.' }
      : { error: 'invalidStreamName', message: 'streamId must be 1 to 128 characters of A-Z a-z 0-9 _ . -' }
  }
  const [first] = problems
  const [field, problem] = first ?? ['', 'has the wrong shape']
  return {
    error: 'invalidField',
    message: `${field} ${problem}.`,
    ...(typeof streamId === 'string' ? { streamId } : {}),
    ...(isRelayed(String(message.command)) ? { relayed: true } : {})
  }
}

// Text of a client is shortened and escaped as JSON, so that it can neither grow nor break a line of the log.
function quote (text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text)
}

/** Writes one message of the server as a text frame. The server writes them all in `notices.ts`. */
export function encode (message: ServerMessage): string {
  return JSON.stringify(message)
}

export type { ClientCommand }
