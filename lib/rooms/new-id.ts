import { randomUUID } from 'node:crypto'

/** A new id: of a seat, or of a connection. */
export function newId (): string {
  // Node puts a UUID together of many strings, which take ten times its room until they are one, and a third more from then on.
  return Buffer.from(randomUUID()).toString('latin1')
}
