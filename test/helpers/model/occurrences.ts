/** What can happen that is worth being sure of that it did. */
export const OCCURRENCES = [
  // Resumption.
  'a seat resumed', 'a seat proven by the claim alone', 'a seat found by the claim of one who knew of another seat', 'messages replayed', 'a seat taken from a link that still lived', 'a wrong or used token presented',
  'a log that did not reach back', 'a window over', 'a peer too long away for the bounds', 'an absent seat given to a stranger',
  // Joiners of a full room.
  'a joiner let wait', 'a joiner served by a seat that came free', 'a joiner turned away', 'a joiner gone while it waited',
  'a probe answered', 'a probe not answered', 'an earlier pong while a probe was under way',
  // Makes of clients.
  'a sitter that joined again', 'a sitter that joined again while an offer was coming', 'a sitter asked again',
  'a `stop` withheld', 'a `stop` to the one that leaves',
  // Messages that do not get through.
  'a message from an outsider', 'a word to one that has just gone', 'a message refused as too fast', 'a seat resumed whose messages were refused',
  // Ends.
  'a drain with seats taken', 'a goodbye before its socket ended', 'a socket ended that had said goodbye',
  'a joiner between a goodbye and the end of its socket',
  // Time.
  'a standstill', 'a probe answered in time but for a standstill', 'a seat resumed in time but for a standstill',
  'an offer still coming but for a standstill', 'a word to one just gone but for a standstill'
] as const
export type Occurrence = typeof OCCURRENCES[number]

/** Counts what happens over many histories: a model that never gets to the interesting places would be green for nothing. */
export class Tally {
  readonly #counts = new Map<Occurrence, number>()

  note (occurrence: Occurrence): void {
    this.#counts.set(occurrence, this.count(occurrence) + 1)
  }

  count (occurrence: Occurrence): number {
    return this.#counts.get(occurrence) ?? 0
  }
}
