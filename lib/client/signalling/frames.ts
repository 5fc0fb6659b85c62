/** A message as received. Only `command` is checked; the type of any other field must be checked before use. */
export interface Frame {
  readonly command: string
  readonly [field: string]: unknown
}

/** Parses a WebSocket frame. Returns null if it is no message of the protocol; the client ignores it. */
export function parseFrame (data: unknown): Frame | null {
  if (typeof data !== 'string') return null
  try {
    const frame = JSON.parse(data) as Partial<Frame> | null
    return typeof frame?.command === 'string' ? frame as Frame : null
  } catch {
    return null
  }
}

/** The value if it is a string, otherwise undefined. */
export function textOf (value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The value if it is a finite number, otherwise undefined. */
export function numberOf (value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** The length of a text in UTF-8, in which WebSocket sends it (RFC 6455, section 5.6). */
export function byteLength (text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    // Each half of a surrogate pair stands for two of its four bytes. An unpaired one is sent as U+FFFD, which has three bytes.
    if (code >= 0x80) bytes += code >= 0x800 && (code < 0xd800 || code > 0xdfff || alone(text, i, code)) ? 2 : 1
  }
  return bytes
}

/** Whether the surrogate at `index` is unpaired. */
function alone (text: string, index: number, code: number): boolean {
  const other = text.charCodeAt(code < 0xdc00 ? index + 1 : index - 1)
  return code < 0xdc00 ? !(other >= 0xdc00 && other <= 0xdfff) : !(other >= 0xd800 && other <= 0xdbff)
}
