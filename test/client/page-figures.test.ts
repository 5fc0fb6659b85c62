import t from 'tap'
import { figuresOf, gradeOf, pathOf, rowsOf } from '../../lib/page/figures.js'
import { reported, struck, titleOf } from '../../lib/page/redaction.js'
import english from '../../lib/page/words-en.js'
import german from '../../lib/page/words-de.js'

// What the page makes of figures, and what of a message it shows and hands on, without a page.

const STATS = {
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
  t.equal(figuresOf(STATS, null, 'direct').loss, 0)
  t.equal(figuresOf({ ...STATS, videoPacketsReceived: 190, videoPacketsLost: 10 }, STATS, 'direct').loss, 0.1)
  t.equal(figuresOf({ ...STATS, videoPacketsLost: -1, audioPacketsLost: -1 }, null, null).loss, 0, 'a browser that tells nothing of it')
  t.equal(figuresOf(STATS, STATS, null).loss, 0, 'nothing has come, and nothing is missing')
})

t.test('A call is good, fair or poor by its loss and its delay', async t => {
  const grade = (loss: number, delay: number | null): string => gradeOf({ loss, delay })
  t.equal(grade(0, null), 'good')
  t.equal(grade(0.02, 300), 'good')
  t.equal(grade(0.03, 40), 'fair')
  t.equal(grade(0, 400), 'fair')
  t.equal(grade(0.1, 40), 'poor')
  t.equal(grade(0, 2000), 'poor')
})

t.test('A way is relayed where either end of it is a relay, in the figures of each browser', async t => {
  const local = { id: 'l', type: 'local-candidate', candidateType: 'host' }
  const remote = { id: 'r', type: 'remote-candidate', candidateType: 'srflx' }
  const pair = { id: 'p', type: 'candidate-pair', state: 'succeeded', nominated: true, localCandidateId: 'l', remoteCandidateId: 'r' }
  const transport = { id: 't', type: 'transport', selectedCandidatePairId: 'p' }
  const other = { ...pair, id: 'o', localCandidateId: 'x' }
  t.equal(pathOf([other, pair, local, remote, transport]), 'direct')
  t.equal(pathOf([pair, local, remote]), 'direct', 'Firefox, which has no transport')
  t.equal(pathOf([pair, { ...local, candidateType: 'relay' }, remote, transport]), 'relayed')
  t.equal(pathOf([pair, local, { ...remote, candidateType: 'relay' }, transport]), 'relayed')
  t.equal(pathOf([local]), null)
})

t.test('Figures are rows in the language of the page', async t => {
  t.same(rowsOf(figuresOf({ ...STATS, videoPacketsReceived: 190, videoPacketsLost: 10 }, STATS, 'relayed'), english), [
    ['Path', 'by a relay'], ['There and back', '40 ms'], ['Lost on the way', '10 %'], ['Coming in', '1,235 kbit/s'], ['Going out', '10 kbit/s'], ['Their picture', '640 × 480, 30/s']
  ])
  const bare = rowsOf(figuresOf({ ...STATS, currentRoundTripTime: -1, frameWidth: -1 }, null, null), german)
  t.same(bare[1], ['Hin und zurück', '–'])
  t.same(bare[5], ['Das andere Bild', '–'])
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
