import { once } from 'node:events'
import t from 'tap'
import { CLOSE_CODES, type CloseReason } from '../../lib/protocol/codes.js'
import type { WebrtcSignallingOptions } from '../../lib/index.js'
import { back, scene, type Scene } from '../helpers/resumption.js'
import { event } from '../helpers/signalling-client.js'

// Whether a seat can be resumed is written beside the close code: each close that a sitter brings about does what its code says.

const provoke: Array<[CloseReason, WebrtcSignallingOptions, (scene: Scene) => void]> = [
  ['protocolError', {}, ({ ours }) => { ours.raw.write(Buffer.from('838000000000', 'hex')) }],
  ['invalidText', {}, ({ ours }) => ours.send(Buffer.from([0x22, 0xff, 0xfe, 0x22]))],
  ['policy', { limits: { messagesPerSecond: 1, messageBurst: 1 } }, ({ ours }) => { for (let i = 0; i < 100; i++) ours.send({ command: 'ping' }) }],
  ['tooLarge', { limits: { frameBytes: 1024 } }, ({ ours }) => ours.send('x'.repeat(1_100))],
  ['goingAway', {}, ({ app }) => { void app.rooms.drain() }]
]

for (const [reason, options, act] of provoke) {
  const { code, resumable } = CLOSE_CODES[reason]
  t.test(`A close with ${code} ${resumable ? 'leaves the seat to be resumed' : 'gives the seat up'}`, async t => {
    const here = await scene(t, options)
    const { ours, app, joined } = here
    const [outcome] = await Promise.all([
      new Promise(resolve => {
        app.rooms.once('absent', () => resolve('absent'))
        app.rooms.once('left', () => resolve('left'))
      }),
      ours.closed.then(closed => t.equal(closed.code, code)),
      act(here)
    ])
    t.equal(outcome, resumable ? 'absent' : 'left')
    if (reason === 'goingAway') return
    t.match((await back(t, here, { resumeToken: joined.resumeToken })).joined, { resumed: resumable })
  })
}

t.test('A client that closes with 1000, 1001 or without a code gives its seat up; one that closes with another code can come back', async t => {
  for (const [code, outcome] of [[1000, 'left'], [1001, 'left'], [undefined, 'left'], [1011, 'absent'], [4000, 'absent']] as const) {
    const { ours, app } = await scene(t)
    const told = outcome === 'left' ? event(app, 'left') : event(app, 'absent')
    ours.socket.close(code)
    await Promise.all([told, once(ours.socket, 'close')])
    t.pass(`${code}: ${outcome}`)
  }
})
