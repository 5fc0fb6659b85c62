// What was said and sent over the data channel, and what each event makes of it: pure functions, with nothing of the page in them.

export const EMPTY_CHAT = {
  /** Texts and files in order: `state` is `sending`, `sent`, `failed`, `cancelled`, and of a file of the other's `offered`, `receiving`, `received`. */
  items: [],
  /** How many have come that nobody has looked at. */
  unread: 0,
  open: false
}

function change (chat, id, news) {
  return { ...chat, items: chat.items.map(item => item.id === id ? { ...item, ...news } : item) }
}

const add = (chat, item) => ({ ...chat, items: [...chat.items, { bytes: 0, size: null, ...item }] })
const addNews = (chat, item) => add({ ...chat, unread: chat.open ? 0 : chat.unread + 1 }, { ...item, mine: false })

const OVER = ['sent', 'received', 'failed', 'cancelled']

const ON = {
  opened: chat => ({ ...chat, open: true, unread: 0 }),
  closed: chat => ({ ...chat, open: false }),
  said: (chat, { id, text }) => add(chat, { id, kind: 'text', mine: true, text, state: 'sending' }),
  heard: (chat, { id, text }) => addNews(chat, { id, kind: 'text', text, state: 'received' }),
  offering: (chat, { id, name, size }) => add(chat, { id, kind: 'file', mine: true, name, size, state: 'sending' }),
  offered: (chat, { id, name, size }) => addNews(chat, { id, kind: 'file', name, size, state: 'offered' }),
  receiving: (chat, { id }) => change(chat, id, { state: 'receiving' }),
  progress: (chat, { id, bytes, size }) => change(chat, id, { bytes, size }),
  done: (chat, { id }) => {
    const item = chat.items.find(each => each.id === id)
    return change(chat, id, { state: item?.mine === false ? 'received' : 'sent' })
  },
  // The first of two reasons is the true one: what was cancelled here fails there, and the other way round.
  failed: (chat, { id, name }) => {
    const item = chat.items.find(each => each.id === id)
    if (item === undefined || OVER.includes(item.state)) return chat
    return change(chat, id, { state: name === 'AbortError' ? 'cancelled' : 'failed', reason: name })
  },
  /** Another room: what was said in the last one is nobody's business in it. */
  cleared: chat => ({ ...EMPTY_CHAT, open: chat.open })
}

export function reduceChat (chat, event) {
  return ON[event.type](chat, event)
}

/** The units of sizes, as `Intl` has them. */
const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte']

/** A size as a person reads it. */
export function sizeIn (language, bytes) {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3))
  return new Intl.NumberFormat(language, { style: 'unit', unit: UNITS[step], unitDisplay: 'short', maximumFractionDigits: step > 1 ? 1 : 0 }).format(bytes / 1000 ** step)
}

/** How it stands with a file, in words. */
export function fileNote ({ state, bytes, size, reason }, words) {
  const whole = size === null ? '' : sizeIn(words.language, size)
  // Nothing goes before the other one has taken the offer.
  if (state === 'sending' && bytes === 0 && whole !== '') return `${whole} · ${words.chat.unanswered}`
  if (state === 'sending' || state === 'receiving') return words.chat.progress.replace('{done}', sizeIn(words.language, bytes)).replace('{whole}', whole === '' ? '?' : whole)
  if (reason === 'NotSupportedError') return words.chat.noFiles
  return [whole, words.chat[state]].filter(part => part !== '').join(' · ')
}
