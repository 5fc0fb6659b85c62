// How good a call is, in figures and in a word: pure functions.

/** The figures of what came between two measurements of the SDK, `before` being null where there was none. */
export function figuresOf (stats, before, path) {
  const since = name => Math.max(0, stats[name]) - Math.max(0, before?.[name] ?? 0)
  const lost = Math.max(0, since('audioPacketsLost') + since('videoPacketsLost'))
  const came = Math.max(0, since('audioPacketsReceived') + since('videoPacketsReceived'))
  return {
    path,
    incoming: stats.currentIncomingBitrate,
    outgoing: stats.currentOutgoingBitrate,
    loss: lost + came === 0 ? 0 : lost / (lost + came),
    delay: stats.currentRoundTripTime < 0 ? null : stats.currentRoundTripTime * 1000,
    width: stats.frameWidth,
    height: stats.frameHeight,
    rate: stats.currentFPS
  }
}

/** People begin to notice, and cannot talk any more: loss as a part of all, delay there and back in ms (ITU-T G.114 has 150 and 400 one way). */
const GRADES = [{ grade: 'good', most: 0.02, longest: 300 }, { grade: 'fair', most: 0.08, longest: 800 }]

/**
 * A word for it: `good`, `fair` or `poor`.
 *
 * @param {{ loss: number, delay: number | null }} figures
 */
export function gradeOf ({ loss, delay }) {
  return GRADES.find(({ most, longest }) => loss <= most && (delay ?? 0) <= longest)?.grade ?? 'poor'
}

/** Whether the way leads over a TURN server, by the entries of `RTCPeerConnection.getStats`; null while there is none. */
export function pathOf (entries) {
  const byId = new Map(entries.map(entry => [entry.id, entry]))
  const selected = entries.find(({ type, selectedCandidatePairId }) => type === 'transport' && selectedCandidatePairId !== undefined)?.selectedCandidatePairId
  // Firefox has no transport in its figures.
  const pair = byId.get(selected) ?? entries.find(({ type, state, nominated }) => type === 'candidate-pair' && state === 'succeeded' && nominated)
  if (pair === undefined) return null
  return [pair.localCandidateId, pair.remoteCandidateId].some(id => byId.get(id)?.candidateType === 'relay') ? 'relayed' : 'direct'
}

/** The figures as rows to be read: name and value. */
export function rowsOf (figures, words) {
  const number = (value, digits = 0) => new Intl.NumberFormat(words.language, { maximumFractionDigits: digits }).format(value)
  const { path, incoming, outgoing, loss, delay, width, height, rate } = figures
  return [
    [words.figures.path, path === null ? '–' : words.paths[path]],
    [words.figures.delay, delay === null ? '–' : `${number(delay)} ms`],
    [words.figures.loss, `${number(loss * 100, 1)} %`],
    [words.figures.incoming, `${number(incoming)} kbit/s`],
    [words.figures.outgoing, `${number(outgoing)} kbit/s`],
    [words.figures.picture, width > 0 ? `${width} × ${height}, ${number(Math.max(0, rate))}/s` : '–']
  ]
}
