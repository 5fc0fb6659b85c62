// What is seen of a state: pure functions, with nothing of the page in them.

/** Says in which phase the page is. */
export function phaseOf ({ ended, away, room, joined, company, ready, facts }) {
  if (ended) return 'ended'
  if (away) return 'reconnecting'
  // They may have nothing to show and still see and hear us, so no picture is needed for a call; and the way is there whatever the server knows.
  if (room !== '') {
    if (facts.connected) return 'call'
    if (!joined) return 'joining'
    return company ? 'connecting' : 'waiting'
  }
  return ready ? 'ready' : 'starting'
}

/** Which of the page's three faces is up. */
function layoutOf ({ room, company, facts }) {
  if (room === '') return 'lobby'
  return company || facts.connected ? 'call' : 'waiting'
}

/** The letters that stand for somebody: of a first and a last name, or of the only one. */
export function initialsOf (name) {
  const parts = name.trim().split(/\s+/).filter(part => part !== '')
  const letters = parts.length > 1 ? [parts[0], parts.at(-1)] : parts
  return letters.map(part => [...part][0].toLocaleUpperCase()).join('')
}

/** A time in ms as a clock shows it. */
export function clock (ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const two = number => String(number).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

/** What stands in place of the other's picture: why there is none, or nothing where the status has said it. */
function noteOf ({ facts, refused }, layout, words) {
  if (layout !== 'call') return ''
  if (refused && facts.connected) return words.refused
  // A last picture that stands still is no live one, and a person must not take it for one.
  if (facts.remotePicture) return words.frozen
  return facts.connected ? words.theirCameraOff : ''
}

/** How it stands, in words. */
function statusOf (state, phase, words) {
  if (phase !== 'call') return words.status[phase]
  if (state.refused) return words.status.refused
  if (state.sharing) return words.youShare
  return state.facts.remote.screen === true ? words.theyShare : words.status.call
}

/** What is worth knowing, and no error. */
function noticeOf ({ lost, spent, parted }, layout, words) {
  if (lost !== null) return words.deviceLost.replace('{label}', lost.label)
  if (layout === 'waiting' && parted !== null) {
    // By functions: a name may hold what a replacement gives a meaning to.
    return words.parted.replace('{who}', () => parted.name || words.chat.they).replace('{time}', () => clock(parted.spent))
  }
  return layout === 'lobby' && spent !== null ? words.spent.replace('{time}', clock(spent)) : ''
}

/** All that is seen, with `words` of a language. */
export function seen (state, words) {
  const { facts, switching } = state
  const phase = phaseOf(state)
  const layout = layoutOf(state)
  const remoteShown = layout === 'call' && facts.remotePicture && facts.connected && facts.remote.video !== 'frozen' && !state.refused
  return {
    phase,
    layout,
    view: layout === 'lobby' ? 'lobby' : 'room',
    status: statusOf(state, phase, words),
    remoteShown,
    remoteNote: remoteShown ? '' : noteOf(state, layout, words),
    playable: layout === 'call' && facts.connected && state.refused,
    remoteName: layout === 'call' ? state.otherName : '',
    remoteMuted: layout === 'call' && facts.connected && facts.remote.audio === 'off',
    /** A screen is seen whole, and never in a mirror. */
    remoteScreen: facts.remote.screen === true,
    screen: switching.screen ?? state.sharing,
    mirrored: !state.sharing && facts.mirrored,
    localShown: facts.localPicture,
    localNote: state.ready ? words.ownCameraOff : words.mayAsk,
    ownMuted: layout === 'call' && !(switching.microphone ?? facts.microphone),
    camera: switching.camera ?? facts.camera,
    microphone: switching.microphone ?? facts.microphone,
    ready: state.ready,
    invites: layout === 'waiting' && state.joined,
    since: layout === 'call' ? state.since : null,
    /** What the two can read to one another; null where there is nothing. */
    code: layout === 'call' ? facts.code : null,
    error: state.error,
    notice: noticeOf(state, layout, words)
  }
}
