import { RawSocket, json, type RawOptions } from './raw-socket.js'

/** What an attack has to work with. */
export interface Target {
  port: number
  /** 1 for the whole attack, less for a warm-up. */
  scale: number
  /** Moves the server's clock. */
  advance: (ms: number) => Promise<void>
  /** Waits until the server has no more connections than `rest`. */
  quiet: (rest: number) => Promise<void>
  /** Waits until the server has read what was written; how much of its answers it keeps for us then, or -1 where it has cut us off. */
  heard: (raw: RawSocket) => Promise<number>
  /** What the server keeps for peers that may come back, and how many rooms there are. */
  kept: () => Promise<{ bytes: number, rooms: number }>
}

/** What became of it: counts, and times in ms. */
export type Outcome = Record<string, number>
export type Attack = (target: Target) => Promise<Outcome>

let addresses = 0

/** A loopback address that nobody has come from yet: limits per address start anew. */
export function stranger (): string {
  const number = addresses++
  return `127.${1 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`
}

/** How often, at this scale. */
export const some = ({ scale }: Target, count: number): number => Math.max(1, Math.round(count * scale))

export const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))

/** As {@link times} with at most `width` under way. */
export async function crowd<T> (count: number, width: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  let next = 0
  await Promise.all(times(Math.min(width, count), async () => {
    while (next < count) {
      const index = next++
      results[index] = await make(index)
    }
  }))
  return results
}

/** Adds up what came back, and why connections were closed. */
export class Tally {
  readonly outcome: Outcome = {}

  add (name: string, count = 1): void {
    this.outcome[name] = (this.outcome[name] ?? 0) + count
  }

  most (name: string, value: number): void {
    this.outcome[name] = Math.max(this.outcome[name] ?? 0, Math.round(value))
  }

  answers (raw: RawSocket): void {
    for (const [name, count] of Object.entries(raw.counts)) this.add(name, count)
    if (raw.pongs > 0) this.add('pongs', raw.pongs)
  }
}

/** Connects, and takes a seat where `room` names one. */
export async function enter (target: Target, room: string | null, options: Partial<RawOptions> = {}): Promise<RawSocket> {
  const raw = await RawSocket.open({ port: target.port, ...options })
  if (room !== null) {
    raw.write(json({ command: 'join', streamId: room }))
    await raw.next()
  }
  return raw
}
