// A check of the connection: what each event makes of it, and what is seen of it; pure functions, with nothing of the page in them.

export const NO_CHECK = {
  /** `idle`, `running`, `done`, `cancelled`, or `broken`: it could not be loaded. */
  phase: 'idle',
  /** The SDK's steps, in the order in which they began. */
  steps: []
}

/** The page asks for a seat in a room that it has made up. That it gets none there says nothing of a person's own room. */
const judged = step => step.code === 'joinRefused' ? { ...step, status: 'skipped' } : step

/** One more that has begun, or the end of one that has. Two may be of one server, where it is named twice. */
function put (steps, step) {
  if (step.status === 'running') return [...steps, step]
  const index = steps.findIndex(({ status, name, url }) => status === 'running' && name === step.name && url === step.url)
  return steps.map((each, at) => at === index ? step : each)
}

const ON = {
  started: () => ({ phase: 'running', steps: [] }),
  step: (check, { step }) => ({ ...check, steps: put(check.steps, judged(step)) }),
  ended: check => ({ ...check, phase: 'done' }),
  broken: check => ({ ...check, phase: 'broken' }),
  // Nobody will ever know what would have come of what was running.
  cancelled: check => ({ phase: 'cancelled', steps: check.steps.filter(({ status }) => status !== 'running') })
}

export function reduceCheck (check, event) {
  return ON[event.type](check, event)
}

/** What needs no word where it is left out: nobody misses it. */
const UNMISSED = ['notWanted', 'earlierFailure', 'noTurnServerWorks']

/** How it stands as a whole: `running`, `good`, `doubtful` (some of it could not be tried), `bad`, `cancelled` or `broken`. */
function verdictOf ({ phase, steps }) {
  if (phase !== 'done') return phase
  if (steps.some(({ status }) => status === 'failed')) return 'bad'
  return steps.some(({ status, code }) => status === 'skipped' && !UNMISSED.includes(code)) ? 'doubtful' : 'good'
}

/** One step as it is read: what it is, how it stands, and where something is wrong, what and what to do. */
function rowOf ({ name, status, url, code, device, roundTrip, bitrate, detail }, words, browser) {
  const { check, language } = words
  const figure = (value, unit) => value === undefined ? [] : [`${new Intl.NumberFormat(language, { maximumFractionDigits: 0 }).format(value)} ${unit}`]
  const kind = /^turns?:/i.test(url ?? '') ? 'turnServer' : name
  const { reason = '', remedy = '' } = check.codes[code] ?? {}
  return {
    status,
    title: check.steps[kind],
    state: check.states[status],
    /** What it was tried on, and how well that did. */
    figures: [url, device, ...figure(roundTrip, 'ms'), ...figure(bitrate, 'kbit/s')].filter(part => part !== undefined && part !== '').join(' · '),
    reason,
    remedy: remedy.replace('{allow}', words.allow[browser] ?? words.allow.other),
    /** What the browser or the server has said, which is in English, and for a developer. */
    detail: detail ?? ''
  }
}

/** All that is seen of a check, with the words of a language and for a browser's menus. */
export function seenOfCheck (state, words, browser) {
  const tone = verdictOf(state)
  return {
    tone,
    verdict: words.check.verdicts[tone],
    rows: state.steps.map(step => rowOf(step, words, browser))
  }
}
