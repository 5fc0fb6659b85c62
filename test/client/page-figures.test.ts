import t from 'tap'
import type { QualityReason } from '../../lib/client/webrtc-adaptor.js'
import { figuresOf, reasonIn, rowsOf } from '../../lib/page/figures.js'
import { reported, struck, titleOf } from '../../lib/page/redaction.js'
import english from '../../lib/page/words-en.js'
import german from '../../lib/page/words-de.js'

// What the page makes of figures, and what of a message it shows and hands on, without a page.

/** All reasons: it does not compile where one is missing. */
const REASONS: Record<QualityReason, true> = { interrupted: true, loss: true, delay: true, bandwidth: true, jitter: true, cpu: true, frozen: true }

const STATS = {
  path: 'direct',
  outgoingLoss: 0.05,
  currentIncomingBitrate: 1234.5,
  currentOutgoingBitrate: 10,
  currentRoundTripTime: 0.04,
  audioPacketsReceived: 100,
  videoPacketsReceived: 100,
  audioPacketsLost: 0,
  videoPacketsLost: 0,
  frameWidth: 640,
  frameHeight: 480,
  currentFPS: 30
}

t.test('Loss is that since the last measurement, as a part of all that was sent', async t => {
  t.equal(figuresOf(STATS, null).loss, 0)
  t.equal(figuresOf({ ...STATS, videoPacketsReceived: 190, videoPacketsLost: 10 }, STATS).loss, 0.1)
  t.equal(figuresOf({ ...STATS, videoPacketsLost: -1, audioPacketsLost: -1 }, null).loss, 0, 'a browser that tells nothing of it')
  t.equal(figuresOf(STATS, STATS).loss, 0, 'nothing has come, and nothing is missing')
})

t.test('Each reason that the SDK has for a call that is not good is a sentence in each language, and a good call needs none', async t => {
  const reasons = Object.keys(REASONS)
  for (const words of [english, german]) {
    t.same(Object.keys(words.reasons).sort(), reasons.sort(), words.language)
    for (const [reason, level] of [['loss', 'fair'], ['interrupted', 'poor']]) t.match(reasonIn(words, { level, reason }), /^\p{Lu}.+\.$/u)
    t.equal(reasonIn(words, { level: 'good', reason: null }), '')
    t.equal(reasonIn(words, null), '')
  }
})

t.test('Figures are rows in the language of the page', async t => {
  t.same(rowsOf(figuresOf({ ...STATS, videoPacketsReceived: 190, videoPacketsLost: 10, path: 'relayed' }, STATS), english), [
    ['Path', 'by a relay'], ['There and back', '40 ms'], ['Coming in', '1,235 kbit/s'], ['Lost of what comes', '10 %'],
    ['Going out', '10 kbit/s'], ['Lost of what goes', '5 %'], ['Their picture', '640 × 480, 30/s']
  ])
  const bare = rowsOf(figuresOf({ ...STATS, currentRoundTripTime: -1, frameWidth: -1, outgoingLoss: -1, path: '' }, null), german)
  for (const name of ['Weg', 'Hin und zurück', 'Davon nicht angekommen', 'Das andere Bild']) t.same(bare.find(row => row[0] === name), [name, '–'])
})

const SDP = 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 192.0.2.1\r\na=ice-ufrag:abcd\r\na=ice-pwd:supersecret\r\na=sendrecv\r\n'
const OFFER = { command: 'takeConfiguration', streamId: 'room1', type: 'offer', sdp: SDP }
const CANDIDATE = { command: 'takeCandidate', streamId: 'room1', label: 0, id: '0', candidate: 'candidate:1 1 udp 2122 192.0.2.1 5000 typ host ufrag abcd' }

t.test('A message on the screen has nothing in it that proves anything', async t => {
  const text = JSON.stringify([
    struck({ command: 'join', token: 'secret1', streamId: 'room1' }),
    struck({ command: 'notification', resumeToken: 'secret2', claim: 'secret3' }),
    struck({ command: 'iceServerConfig', turnServerCredential: 'secret4', turnServerUsername: 'secret5', iceServers: [{ urls: ['turn:a'], username: 'secret6', credential: 'secret7' }] }),
    struck(OFFER), struck(CANDIDATE)
  ])
  t.notMatch(text, /secret|abcd/)
  t.match(text, 'turn:a')
  t.match(text, '192.0.2.1')
})

t.test('A message in a report has no address, no room and no words in it either', async t => {
  t.same(reported(OFFER), { command: 'takeConfiguration', type: 'offer', streamId: '•••', sdp: 'audio sendrecv' })
  t.same(reported(CANDIDATE), { command: 'takeCandidate', label: 0, id: '0', streamId: '•••', candidate: 'udp host' })
  t.same(reported({ ...CANDIDATE, candidate: '' }).candidate, '')
  t.same(reported({ command: 'peerMessageCommand', definition: 'name', data: 'Anna' }), { command: 'peerMessageCommand', definition: 'name', data: '•••' })
  t.same(reported({ command: 'ping' }), { command: 'ping' })
})

t.test('The title of a message tells it from others of its command', async t => {
  t.equal(titleOf(OFFER), 'takeConfiguration offer')
  t.equal(titleOf(CANDIDATE), 'takeCandidate host')
  t.equal(titleOf({ command: 'notification', definition: 'joined' }), 'notification joined')
  t.equal(titleOf({ command: 'ping' }), 'ping')
})
