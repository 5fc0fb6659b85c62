import t from 'tap'
import { isConnected, noteOf, phaseOf, statusOf } from '../../lib/page/phase.js'

// What the page says, from what the adaptor has told it, without a page.

const lobby = { ready: true, room: '', joined: false, company: false, away: false, ended: false }
const inRoom = { ...lobby, room: 'room1', joined: true }

const TABLE: Array<[name: string, state: typeof lobby, connected: boolean, phase: string, note: RegExp]> = [
  ['the camera has not answered', { ...lobby, ready: false }, false, 'starting', /Starting/],
  ['nobody has joined', lobby, false, 'ready', /Ready/],
  ['a join is under way', { ...inRoom, joined: false }, false, 'joining', /Joining/],
  ['nobody else is there', inRoom, false, 'waiting', /Copy the link/],
  ['somebody else is there', { ...inRoom, company: true }, false, 'connecting', /Connecting/],
  ['there is a way to the other', { ...inRoom, company: true }, true, 'call', /camera is off/],
  ['there is a way, and the server knows of nobody since it began anew', inRoom, true, 'call', /camera is off/],
  ['the server is away, and nobody was there', { ...inRoom, away: true }, false, 'reconnecting', /reconnecting/],
  ['the server is away, and the call goes on', { ...inRoom, company: true, away: true }, true, 'reconnecting', /camera is off/],
  ['there is no server, and none is sought', { ...lobby, ended: true }, false, 'ended', /Disconnected/]
]

for (const [name, state, connected, phase, note] of TABLE) {
  t.test(`Where ${name}, the page is '${phase}'`, async t => {
    t.equal(phaseOf(state, connected), phase)
    t.match(noteOf(phase, connected), note)
    t.type(statusOf(phase), 'string')
  })
}

t.test('Only a way that works counts as one', async t => {
  for (const state of ['connected', 'completed']) t.equal(isConnected(state), true, state)
  for (const state of ['new', 'checking', 'disconnected', 'failed', 'closed', undefined]) t.equal(isConnected(state), false, String(state))
})
