/** A message as it came: only `command` is sure, and every other field must be looked at before use. */
export interface Frame {
  readonly command: string
  readonly [field: string]: unknown
}

/** The message in a WebSocket frame; `null` where there is none, which a client can only overlook. */
export function parseFrame (data: unknown): Frame | null {
  if (typeof data !== 'string') return null
  try {
    const frame: unknown = JSON.parse(data)
    return isFrame(frame) ? frame : null
  } catch {
    return null
  }
}

function isFrame (value: unknown): value is Frame {
  return typeof value === 'object' && value !== null && 'command' in value && typeof value.command === 'string'
}

export function textOf (value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function numberOf (value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** How many bytes the text has in UTF-8, in which it is sent. */
export function byteLength (text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    // Either half of a surrogate pair stands for two of the four bytes; alone it is sent as U+FFFD, which has three.
    if (code >= 0x80) bytes += code >= 0x800 && (code < 0xd800 || code > 0xdfff || alone(text, i, code)) ? 2 : 1
  }
  return bytes
}

function alone (text: string, index: number, code: number): boolean {
  const other = text.charCodeAt(code < 0xdc00 ? index + 1 : index - 1)
  return code < 0xdc00 ? !(other >= 0xdc00 && other <= 0xdfff) : !(other >= 0xd800 && other <= 0xdbff)
}
