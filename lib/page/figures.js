// How good a call is, in figures and in words: pure functions.

/** The figures of what came between two measurements of the SDK, `before` being null where there was none. */
export function figuresOf (stats, before) {
  const since = name => Math.max(0, stats[name]) - Math.max(0, before?.[name] ?? 0)
  const lost = Math.max(0, since('audioPacketsLost') + since('videoPacketsLost'))
  const came = Math.max(0, since('audioPacketsReceived') + since('videoPacketsReceived'))
  return {
    path: stats.path,
    incoming: stats.currentIncomingBitrate,
    outgoing: stats.currentOutgoingBitrate,
    loss: lost + came === 0 ? 0 : lost / (lost + came),
    outgoingLoss: stats.outgoingLoss < 0 ? null : stats.outgoingLoss,
    delay: stats.currentRoundTripTime < 0 ? null : stats.currentRoundTripTime * 1000,
    width: stats.frameWidth,
    height: stats.frameHeight,
    rate: stats.currentFPS
  }
}

/** Why a call is no better than it is, in a sentence; empty where there is nothing to say. */
export function reasonIn (words, quality) {
  return quality?.reason == null ? '' : words.reasons[quality.reason]
}

/** The figures as rows to be read: name and value. */
export function rowsOf (figures, words) {
  const number = (value, digits = 0) => new Intl.NumberFormat(words.language, { maximumFractionDigits: digits }).format(value)
  const part = value => value === null ? '–' : `${number(value * 100, 1)} %`
  const { path, incoming, outgoing, loss, outgoingLoss, delay, width, height, rate } = figures
  return [
    [words.figures.path, path === '' ? '–' : words.paths[path]],
    [words.figures.delay, delay === null ? '–' : `${number(delay)} ms`],
    [words.figures.incoming, `${number(incoming)} kbit/s`],
    [words.figures.loss, part(loss)],
    [words.figures.outgoing, `${number(outgoing)} kbit/s`],
    [words.figures.outgoingLoss, part(outgoingLoss)],
    [words.figures.picture, width > 0 ? `${width} × ${height}, ${number(Math.max(0, rate))}/s` : '–']
  ]
}
