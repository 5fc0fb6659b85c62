import t from 'tap'
import { clock, initialsOf, phaseOf, seen } from '../../lib/page/seen.js'
import { INITIAL, reduce } from '../../lib/page/state.js'
import english from '../../lib/page/words-en.js'

// What the page makes of what it is told, and what it shows of that, without a page.

interface Told {
  type: string
  [field: string]: unknown
}

const EMPTY = INITIAL.facts
const CALL = { ...EMPTY, connected: true, camera: true, microphone: true, remote: { video: 'live', audio: 'live' }, localPicture: true, remotePicture: true }

/** The state after these events, each a second after the one before. */
function after (...events: Told[]): typeof INITIAL {
  return events.reduce((state, event, index) => reduce(state, { at: index * 1000, ...event }), INITIAL)
}

const look = (...events: Told[]): ReturnType<typeof seen> => seen(after(...events), english)

const READY = { type: 'initialized' }
const JOINING = { type: 'joining', room: 'room1' }
const ALONE = { type: 'joined', message: { peers: 0 } }
const SECOND = { type: 'joined', message: { peers: 1 } }
const CONNECTED = { type: 'ice_connection_state_changed', facts: CALL }
const AWAY = { type: 'reconnecting' }
const IN_CALL = [READY, JOINING, SECOND, CONNECTED]

const TABLE: Array<[name: string, events: Told[], phase: string, layout: string, status: RegExp, note: string]> = [
  ['the camera has not answered', [], 'starting', 'lobby', /Starting/, ''],
  ['nobody has joined', [READY], 'ready', 'lobby', /Ready/, ''],
  ['a join is under way', [READY, JOINING], 'joining', 'waiting', /Joining/, ''],
  ['nobody else is there', [READY, JOINING, ALONE], 'waiting', 'waiting', /Waiting/, ''],
  ['somebody else is there', [READY, JOINING, SECOND], 'connecting', 'call', /Connecting/, ''],
  ['there is a way to the other', IN_CALL, 'call', 'call', /In call/, ''],
  ['there is a way, and the server knows of nobody since it began anew', [READY, JOINING, ALONE, CONNECTED], 'call', 'call', /In call/, ''],
  ['the other has no camera on', [READY, JOINING, SECOND, { ...CONNECTED, facts: { ...CALL, remotePicture: false } }], 'call', 'call', /In call/, 'Their camera is off'],
  ['the other\'s picture stands still', [READY, JOINING, SECOND, { ...CONNECTED, facts: { ...CALL, remote: { video: 'frozen', audio: 'live' } } }], 'call', 'call', /In call/, english.frozen],
  ['the browser refuses to play the other', [...IN_CALL, { type: 'playback_refused' }], 'call', 'call', /Press the button/, english.refused],
  ['it was refused, and plays now', [...IN_CALL, { type: 'playback_refused' }, { type: 'playing' }], 'call', 'call', /In call/, ''],
  ['it was refused in the call before', [...IN_CALL, { type: 'playback_refused' }, { type: 'left' }, JOINING, SECOND, CONNECTED], 'call', 'call', /In call/, ''],
  ['the way is lost, and a last picture stands', [...IN_CALL, { ...CONNECTED, facts: { ...CALL, connected: false } }], 'connecting', 'call', /Connecting/, english.frozen],
  ['the server is away, and nobody was there', [READY, JOINING, ALONE, AWAY], 'reconnecting', 'waiting', /reconnecting/, ''],
  ['the server is away, and the call goes on', [...IN_CALL, AWAY], 'reconnecting', 'call', /reconnecting/, ''],
  ['there is no server, and none is sought', [READY, { type: 'closed', message: { code: 1008 } }], 'ended', 'lobby', /Disconnected/, ''],
  ['an idle connection was closed', [READY, { type: 'closed', message: { code: 1013 } }], 'ready', 'lobby', /Ready/, '']
]

for (const [name, events, phase, layout, status, note] of TABLE) {
  t.test(`Where ${name}, the page is '${phase}'`, async t => {
    const shown = look(...events)
    t.equal(phaseOf(after(...events)), phase)
    t.equal(shown.layout, layout)
    t.match(shown.status, status)
    t.equal(shown.remoteNote, note)
    t.equal(shown.remoteShown, phase !== 'connecting' && layout === 'call' && note === '', 'a picture is shown where nothing is said in its place')
  })
}

t.test('The link is offered to who sits alone, and to nobody else', async t => {
  for (const [name, events] of TABLE) t.equal(look(...events).invites, name === 'nobody else is there' || name === 'the server is away, and nobody was there', name)
})

t.test('A call is timed from its first connection to its end, over a lost way and a lost server', async t => {
  const begun = after(...IN_CALL)
  t.equal(begun.since, 3000)
  const later = after(...IN_CALL, AWAY, { type: 'look', facts: { ...CALL, connected: false } }, { type: 'reconnected', message: { resumed: true } }, CONNECTED)
  t.equal(later.since, 3000)
  t.equal(seen(reduce(later, { type: 'left', at: 68_000 }), english).notice, 'The call is over. It lasted 1:05.')
  const alone = after(...IN_CALL, { type: 'peerLeft' }, { type: 'look', facts: EMPTY })
  t.equal(alone.since, null, 'the next one begins anew')
})

t.test('Whoever is left alone is told who has left and how long the call took, until somebody comes or they leave themselves', async t => {
  const named = { type: 'peerMessageCommand', message: { definition: 'name', data: 'Ben $& Co' } }
  const gone = [{ type: 'peerLeft' }, { type: 'look', facts: EMPTY }]
  t.equal(look(...IN_CALL, named, ...gone).notice, 'Ben $& Co has left. The call lasted 0:03.')
  t.equal(look(...IN_CALL, ...gone).notice, 'The other person has left. The call lasted 0:02.')
  for (const other of [{ type: 'peerJoined' }, CONNECTED, { type: 'left' }]) t.notMatch(look(...IN_CALL, ...gone, other).notice, 'has left', other.type)
  t.equal(look(...IN_CALL, ...gone, { type: 'peerJoined' }, { type: 'peerLeft' }).notice, '', 'of a call that was none')
  t.equal(look(...IN_CALL, ...gone, AWAY, { type: 'reconnected', message: { resumed: true } }).notice, 'The other person has left. The call lasted 0:02.')
})

t.test('A name that the other one sends is theirs for the call, and what is no name is none', async t => {
  const named = (data: unknown): string => look(...IN_CALL, { type: 'peerMessageCommand', message: { definition: 'name', data } }).remoteName
  t.equal(named(' Ben '), 'Ben')
  t.equal(named('x'.repeat(100)).length, 40)
  for (const data of [null, 1, {}, ['Ben']]) t.equal(named(data), '')
  t.equal(look(...IN_CALL, { type: 'peerMessageCommand', message: { definition: 'other', data: 'Ben' } }).remoteName, '')
  const gone = after(...IN_CALL, { type: 'peerMessageCommand', message: { definition: 'name', data: 'Ben' } }, { type: 'peerLeft' }, { type: 'look', facts: EMPTY })
  t.equal(gone.otherName, '')
})

t.test('An error goes when its cause goes', async t => {
  const failed = (name: string): Told => ({ type: 'error', name })
  const left = (...events: Told[]): unknown => after(...events).error
  t.equal(left(READY, JOINING, SECOND, failed('peerConnectionFailed'), CONNECTED), null)
  t.equal(left(READY, JOINING, SECOND, failed('peerConnectionFailed'), { type: 'peerLeft' }), null)
  t.equal(left(failed('WebSocketNotConnected'), READY), null)
  t.equal(left(READY, failed('NotReadableError'), { type: 'local_media_changed', message: { camera: true, microphone: true } }), null)
  t.equal(left(READY, failed('NoSpaceForNewPeer'), { type: 'roomEdited' }), null)
  t.match(left(READY, failed('NotReadableError'), { type: 'roomEdited' }), { name: 'NotReadableError' })
  t.match(left(READY, failed('NotReadableError'), { type: 'local_media_changed', message: { camera: true, microphone: false } }), { name: 'NotReadableError' })
  t.equal(left(...IN_CALL, failed('no_peer_associated_before')), null, 'that nobody heard our name is none')
})

t.test('Whoever is put out is told why, in the words of the reason or in others', async t => {
  const state = after(...IN_CALL, { type: 'leaved', message: { reason: 'removed' } })
  t.match(state, { room: '', error: { name: 'removed', otherwise: 'notInRoom' } })
  t.equal(after(...IN_CALL, { type: 'leaved', message: {} }).room, 'room1', 'our own leave has been shown before')
})

t.test('A switch is shown at once, and what has come of it when it has got there', async t => {
  const off = { type: 'switching', device: 'camera', on: false }
  t.equal(look(...IN_CALL, off).camera, false)
  t.equal(look(...IN_CALL, off, { type: 'switched', device: 'camera' }).camera, true)
})

t.test('A muted microphone is shown in a call alone, at either side', async t => {
  const quiet = { ...CONNECTED, facts: { ...CALL, microphone: false, remote: { video: 'live', audio: 'off' } } }
  t.match(look(READY, JOINING, SECOND, quiet), { remoteMuted: true, ownMuted: true })
  t.match(look(...IN_CALL), { remoteMuted: false, ownMuted: false })
  t.match(look(READY), { remoteMuted: false, ownMuted: false })
})

t.test('A shared screen is said at either side, is seen whole, and is in no mirror', async t => {
  const shared = { type: 'local_media_changed', message: { camera: true, microphone: true, screen: true } }
  t.match(look(...IN_CALL, shared), { screen: true, mirrored: false, status: english.youShare })
  t.match(look(...IN_CALL, shared, { type: 'local_media_changed', message: { camera: true, microphone: true } }), { screen: false, mirrored: true, status: 'In call' })
  const seesIt = { ...CONNECTED, facts: { ...CALL, remote: { video: 'live', audio: 'live', screen: true } } }
  t.match(look(READY, JOINING, SECOND, seesIt), { remoteScreen: true, remoteShown: true, status: english.theyShare })
  t.match(look(...IN_CALL, shared, AWAY).status, /reconnecting/, 'what is wrong goes first')
  t.match(look(...IN_CALL, { type: 'switching', device: 'screen', on: true }), { screen: true })
})

t.test('A device that is gone is news for a while', async t => {
  const lost = { type: 'device_lost', message: { device: 'camera', label: 'USB camera' } }
  const state = after(READY, lost)
  t.match(seen(state, english).notice, /^USB camera is gone/)
  t.equal(seen(reduce(state, { type: 'look', at: 20_000 }), english).notice, '')
})

t.test('Initials are those of the first and the last name', async t => {
  for (const [name, initials] of [['Anna Berg', 'AB'], ['ben', 'B'], ['Ana de la Cruz', 'AC'], ['  ', ''], ['', ''], ['élise 🦊', 'É🦊']] as const) t.equal(initialsOf(name), initials, name)
})

t.test('A clock shows hours once there are some', async t => {
  for (const [ms, shown] of [[0, '0:00'], [59_999, '0:59'], [61_000, '1:01'], [3_600_000, '1:00:00'], [-5, '0:00']] as const) t.equal(clock(ms), shown)
})
