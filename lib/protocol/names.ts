import { Type } from './typebox.js'

/**
 * The alphabet of application names, room names and (on the wire) every `streamId`. It is Ant Media's own
 * rule for stream ids, with a maximum length, so that names cannot be used to fill memory.
 */
export const NAME_PATTERN = '^[A-Za-z0-9_.-]{1,128}$'

const nameRule = new RegExp(NAME_PATTERN)

/** Whether `value` may name an application or a room. */
export function isName (value: unknown): value is string {
  return typeof value === 'string' && nameRule.test(value)
}

export const NameSchema = Type.String({
  pattern: NAME_PATTERN,
  description: 'The name of a room, 1 to 128 characters of A-Z a-z 0-9 _ . -',
  examples: ['room1']
})
