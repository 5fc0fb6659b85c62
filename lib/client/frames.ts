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
