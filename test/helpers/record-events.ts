import type { RoomEvents } from '../../lib/index.js'
import type { Host } from './host.js'

/** Everything that the rooms tell, in order. */
export function record ({ app }: Host): Array<Record<string, unknown> & { event: string }> {
  const told: Array<Record<string, unknown> & { event: string }> = []
  const names: Array<keyof RoomEvents> = ['joined', 'left', 'started', 'absent', 'resumed', 'relayed', 'refused']
  for (const name of names) app.rooms.on(name, (event: object) => { told.push({ event: name, ...event }) })
  return told
}
