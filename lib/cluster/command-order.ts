/** For how long, in ms, Redis remembers how far a server came in a room: longer than a connection that is given up can hold up a command. */
const NUMBER_KEPT = 5 * 60_000

const REFUSAL = 'LATE'

/**
 * The part of the seating script that refuses what was held up on its way, while a newer command of the same server was carried out: a late
 * `join` would take the seat from its own client, which has joined once more since. `KEYS[3]` has the number of the last one. `ARGV[6]` is
 * that of this one; it is empty where it changes nothing. The number is no part of the room, since a room that is empty is forgotten at once.
 */
export const IN_ORDER = `
local sent = tonumber(ARGV[6] or '')
if sent ~= nil then
  if sent <= tonumber(redis.call('GET', KEYS[3]) or 0) then return redis.error_reply('${REFUSAL} a newer command was carried out') end
  redis.call('SET', KEYS[3], sent, 'PX', ${NUMBER_KEPT})
end
`

/** Whether it was refused for that. */
export function isLate (error: unknown): boolean {
  return error instanceof Error && error.message.startsWith(REFUSAL)
}
