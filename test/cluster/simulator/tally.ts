import type { FaultKind } from './faults.js'
import type { Result } from './world.js'

/** What came of many seeds: plain data, so that a worker can hand it over. */
export interface Tally {
  /** How many there were, and the last of them. */
  seeds: number
  last: number
  /** In ms. */
  simulated: number
  steps: number
  messages: number
  /** How long it took after each round until everybody talked, in ms, and the largest share of what it might have taken. */
  healed: number[]
  longest: number
  /** How often each fault was planned. */
  readonly kinds: Map<FaultKind, number>
  readonly failures: Array<{ readonly seed: number, readonly invariant: string }>
}

const HOUR = 3_600_000

/** @param first the first seed */
export function emptyTally (first: number): Tally {
  return { seeds: 0, last: first - 1, simulated: 0, steps: 0, messages: 0, healed: [], longest: 0, kinds: new Map(), failures: [] }
}

export function count (tally: Tally, seed: number, { simulated, steps, messages, healed, mayTake, faults, failure }: Result): void {
  const kinds = new Map<FaultKind, number>()
  for (const { kind } of faults) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  const longest = Math.max(0, ...healed.map(ms => ms / mayTake))
  const failures = failure === null ? [] : [{ seed, invariant: failure.invariant }]
  add(tally, { seeds: 1, last: seed, simulated, steps, messages, healed, longest, kinds, failures })
}

/** Adds another tally to one. */
export function add (tally: Tally, { seeds, last, simulated, steps, messages, healed, longest, kinds, failures }: Tally): void {
  tally.seeds += seeds
  tally.last = Math.max(tally.last, last)
  tally.simulated += simulated
  tally.steps += steps
  tally.messages += messages
  tally.healed.push(...healed)
  tally.longest = Math.max(tally.longest, longest)
  for (const [kind, times] of kinds) tally.kinds.set(kind, (tally.kinds.get(kind) ?? 0) + times)
  tally.failures.push(...failures)
}

/** As it is printed. */
export function lines (tally: Tally, first: number): string[] {
  const { seeds, last, simulated, steps, messages, longest } = tally
  const healed = Float64Array.from(tally.healed).sort()
  const at = (share: number): string => `${((healed[Math.floor(share * (healed.length - 1))] ?? 0) / 1_000).toFixed(1)} s`
  const failures = new Map<string, number[]>()
  for (const { seed, invariant } of tally.failures) failures.set(invariant, [...failures.get(invariant) ?? [], seed])
  return [
    `${seeds} seeds (${first} to ${last}), ${(simulated / HOUR).toFixed(1)} hours of simulated time, ${steps} steps, ${messages} messages`,
    `  everybody talks again after ${at(0.5)} (half), ${at(0.99)} (99 %), ${at(1)} (all): ${(longest * 100).toFixed()} % of what it may take`,
    ...[...failures].map(([invariant, those]) => `  ${invariant}: ${those.length} of them, ${those.sort((a, b) => a - b).slice(0, 12).join(', ')}`)
  ]
}
