/** Bytes that may be under way in one transfer: what the receiver has not taken, and what the sender keeps for a new connection. */
export const WINDOW = 1_048_576
/** Maximum size of a message that is put together in memory, since the other side alone says how long it is. */
export const MAX_MESSAGE_BYTES = 268_435_456
/** Maximum length of a name or a media type. */
const MAX_TEXT = 255
/** In front of the bytes: the number of their transfer. */
export const HEADER_BYTES = 4

export type TransferKind = 'text' | 'binary' | 'file'

/** What is told of a transfer before its bytes. */
export interface TransferHead {
  readonly number: number
  readonly kind: TransferKind
  readonly size: number | null
  readonly name: string
  readonly type: string
}

/**
 * What two peers of this SDK tell each other of their transfers, as JSON texts beside the frames of bytes. Each side counts its own
 * transfers; those frames that can concern either side's bear `mine` where the transfer is the sender's own.
 */
export type TransferFrame =
  /** Who this side is, and which of its transfers are under way: at the beginning of each connection, and again until answered. */
  | { command: 'data', id: string, active: number[] }
  /** A transfer begins; `again` where it began on an earlier connection. */
  | { command: 'transfer', again: boolean } & TransferHead
  /** The answer to `again`: go on from here. */
  | { command: 'transferAt', number: number, bytes: number }
  /** So many bytes are taken; more may follow. */
  | { command: 'transferAck', number: number, bytes: number }
  /** All bytes are sent. */
  | { command: 'transferEnd', number: number, bytes: number }
  /** All of it has come. */
  | { command: 'transferDone', number: number }
  /** The transfer ends here. */
  | { command: 'transferCancel', number: number, mine: boolean }

const whole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const text = (value: unknown): value is string => typeof value === 'string' && value.length <= MAX_TEXT

/** The text as it fits into a frame. */
export const shortened = (value: string): string => value.slice(0, MAX_TEXT)

/** The frame, where it is one; whatever the other side sends is looked at here once. */
export function transferFrame (frame: unknown): TransferFrame | null {
  if (typeof frame !== 'object' || frame === null) return null
  const { command, id, active, number, bytes, kind, size, name, type, again, mine } = frame as Record<string, unknown>
  if (command === 'data') return text(id) && Array.isArray(active) && active.every(whole) ? { command, id, active } : null
  if (!whole(number)) return null
  switch (command) {
    case 'transfer':
      if (kind !== 'file' && !(kind === 'text' || kind === 'binary')) return null
      if (!text(name) || !text(type) || typeof again !== 'boolean' || !(whole(size) || (size === null && kind === 'file'))) return null
      return { command, number, kind, size, name, type, again }
    case 'transferAt':
    case 'transferAck':
    case 'transferEnd':
      return whole(bytes) ? { command, number, bytes } : null
    case 'transferDone':
      return { command, number }
    case 'transferCancel':
      return typeof mine === 'boolean' ? { command, number, mine } : null
    default:
      return null
  }
}

/** A frame of bytes. */
export function bytesFrame (number: number, bytes: Uint8Array): ArrayBuffer {
  const frame = new Uint8Array(HEADER_BYTES + bytes.byteLength)
  new DataView(frame.buffer).setUint32(0, number)
  frame.set(bytes, HEADER_BYTES)
  return frame.buffer
}

/** The number and the bytes of such a frame. */
export function readBytesFrame (frame: ArrayBuffer): { number: number, bytes: Uint8Array<ArrayBuffer> } | null {
  if (frame.byteLength < HEADER_BYTES) return null
  return { number: new DataView(frame).getUint32(0), bytes: new Uint8Array(frame, HEADER_BYTES) }
}

/** All chunks in one buffer. */
export function concatenated (chunks: readonly Uint8Array[], size: number): ArrayBuffer {
  const all = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    all.set(chunk, offset)
    offset += chunk.byteLength
  }
  return all.buffer
}
