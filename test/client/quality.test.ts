import fc from 'fast-check'
import t, { type Test } from 'tap'
import { measure } from '../../lib/client/extras/measurement.js'
import { BETTER_AFTER, judge, smooth, NOT_JUDGED, WORSE_AFTER, type CallQuality, type Judgement, type Situation } from '../../lib/client/extras/quality.js'
import type { CallStats } from '../../lib/client/webrtc-adaptor.js'
import { World, type FakePage } from '../helpers/fakes/client-world.js'

// How good a call is, by two measurements of it, and when the application is told.

const SITUATION: Situation = { interrupted: false, frozen: false, limit: Infinity }
const NOTHING = measure(new Map() as unknown as RTCStatsReport, 'room1', null)
/** Ten seconds into a call with nothing amiss. */
const BEFORE: CallStats = {
  ...NOTHING,
  currentTime: 10_000,
  availableOutgoingBitrate: 2_000,
  currentRoundTripTime: 0.04,
  audioPacketsReceived: 500,
  videoPacketsReceived: 500,
  audioPacketsLost: 0,
  videoPacketsLost: 0,
  outgoingLoss: 0,
  audioJitter: 0.005,
  frozenTime: 0,
  resWidth: 640,
  resHeight: 480,
  totalFramesEncoded: 300,
  qualityLimitationReason: 'none'
}
/** The next second of it. */
const AFTER: CallStats = { ...BEFORE, currentTime: 11_000, audioPacketsReceived: 550, videoPacketsReceived: 550, totalFramesEncoded: 330 }
const judged = (change: Partial<CallStats>, situation: Partial<Situation> = {}) => judge(BEFORE, { ...AFTER, ...change }, { ...SITUATION, ...situation })

const CASES: Array<[says: string, level: string, reason: string | null, change: Partial<CallStats>, situation?: Partial<Situation>]> = [
  ['nothing is amiss', 'good', null, {}],
  ['a browser tells nothing at all', 'good', null, { ...NOTHING, currentTime: 11_000 }],
  ['2 of 102 packets are lost', 'good', null, { videoPacketsLost: 2 }],
  ['3 of 103 are', 'fair', 'loss', { videoPacketsLost: 3 }],
  ['sound is lost', 'fair', 'loss', { audioPacketsLost: 3 }],
  ['12 of 112 are', 'poor', 'loss', { videoPacketsLost: 6, audioPacketsLost: 6 }],
  ['a lost packet came after all', 'good', null, { videoPacketsLost: -5 }],
  ['the other side misses a twentieth of ours', 'fair', 'loss', { outgoingLoss: 0.05 }],
  ['the other side misses a fifth of ours', 'poor', 'loss', { outgoingLoss: 0.2 }],
  ['300 ms there and back', 'good', null, { currentRoundTripTime: 0.3 }],
  ['400 ms', 'fair', 'delay', { currentRoundTripTime: 0.4 }],
  ['900 ms', 'poor', 'delay', { currentRoundTripTime: 0.9 }],
  ['a jitter of 30 ms', 'good', null, { audioJitter: 0.03 }],
  ['of 50 ms', 'fair', 'jitter', { audioJitter: 0.05 }],
  ['of 150 ms', 'poor', 'jitter', { audioJitter: 0.15 }],
  ['the network takes as much as 640 × 480 wants', 'good', null, { availableOutgoingBitrate: 308 }],
  ['half of it', 'fair', 'bandwidth', { availableOutgoingBitrate: 150 }],
  ['a sixth of it', 'poor', 'bandwidth', { availableOutgoingBitrate: 50 }],
  ['a sixth of it, and the application wants no more', 'good', null, { availableOutgoingBitrate: 50 }, { limit: 50 }],
  ['a sixth of it, and no picture is sent', 'good', null, { availableOutgoingBitrate: 50, totalFramesEncoded: 300 }],
  ['the browser makes the picture smaller for the network', 'fair', 'bandwidth', { qualityLimitationReason: 'bandwidth' }],
  ['the application has set a lower limit', 'good', null, { qualityLimitationReason: 'bandwidth' }, { limit: 100 }],
  ['it did so when there was a picture', 'good', null, { qualityLimitationReason: 'bandwidth', totalFramesEncoded: 300 }],
  ['for the device', 'fair', 'cpu', { qualityLimitationReason: 'cpu' }],
  ['their picture stood still for 40 ms of the second', 'good', null, { frozenTime: 0.04 }],
  ['for 100 ms', 'fair', 'frozen', { frozenTime: 0.1 }],
  ['for 300 ms', 'poor', 'frozen', { frozenTime: 0.3 }],
  ['it stands still', 'poor', 'frozen', {}, { frozen: true }],
  ['there is no way', 'poor', 'interrupted', { frozenTime: 0.3 }, { interrupted: true, frozen: true }],
  ['a cause comes before its effect', 'poor', 'loss', { videoPacketsLost: 50, frozenTime: 0.3 }],
  ['the reason is what weighs the most', 'poor', 'delay', { videoPacketsLost: 3, currentRoundTripTime: 2 }]
]

t.test('A call is good, fair or poor for one reason', async t => {
  for (const [says, level, reason, change, situation] of CASES) t.same(judged(change, situation), { level, reason }, says)
})

const RANKS = ['good', 'fair', 'poor']
const rank = ({ level }: CallQuality) => RANKS.indexOf(level)

t.test('What is worse is never judged to be better, and only a good call has no reason', async () => {
  const amount = fc.double({ min: 0, max: 1, noNaN: true })
  const seconds = { currentRoundTripTime: amount, audioJitter: amount, frozenTime: amount }
  const change = fc.record({ ...seconds, lost: fc.nat(100), outgoingLoss: amount, less: fc.nat(1_990) })
  const figures = ({ lost, less, ...others }: Record<'lost' | 'less', number>) => ({ ...others, videoPacketsLost: lost, availableOutgoingBitrate: 2_000 - less })
  fc.assert(fc.property(change, change, (one, more) => {
    const worse = Object.fromEntries(Object.entries(one).map(([name, value]) => [name, value + more[name as keyof typeof more]])) as typeof one
    const [first, second] = [judged(figures(one)), judged(figures({ ...worse, less: Math.max(one.less, more.less) }))]
    return rank(second) >= rank(first) && (first.reason === null) === (first.level === 'good')
  }))
})

const GOOD: CallQuality = { level: 'good', reason: null }
const FAIR: CallQuality = { level: 'fair', reason: 'loss' }
const POOR: CallQuality = { level: 'poor', reason: 'loss' }

/** What is shown after each second, of which one after the other was judged like this. */
function shownAfter (...seconds: CallQuality[]): Array<CallQuality | null> {
  let judgement: Judgement = NOT_JUDGED
  return seconds.map((quality, index) => (judgement = smooth(judgement, quality, index * 1_000, (index + 1) * 1_000)).shown)
}

t.test('A first good second is shown at once, a bad one when it has lasted for 3 s', async t => {
  t.same(shownAfter(GOOD), [GOOD])
  t.same(shownAfter(FAIR, FAIR, FAIR), [null, null, FAIR])
  t.same(shownAfter(FAIR, GOOD), [null, GOOD])
})

t.test('It gets worse after 3 s and better after 6 s, and by no more than all of that time was', async t => {
  t.same(shownAfter(GOOD, POOR, POOR, POOR).at(-1), POOR)
  t.same(shownAfter(GOOD, POOR, FAIR, POOR).at(-1), FAIR)
  t.same(shownAfter(GOOD, POOR, POOR, GOOD, POOR, POOR).at(-1), GOOD)
  const poor = [GOOD, POOR, POOR, POOR]
  t.same(shownAfter(...poor, GOOD, GOOD, GOOD, GOOD, GOOD).at(-1), POOR)
  t.same(shownAfter(...poor, GOOD, GOOD, GOOD, GOOD, GOOD, GOOD).at(-1), GOOD)
  t.same(shownAfter(...poor, GOOD, GOOD, FAIR, GOOD, GOOD, GOOD).at(-1), FAIR)
})

t.test('Another reason for the same level is shown when it has lasted', async t => {
  const slow: CallQuality = { level: 'poor', reason: 'delay' }
  const poor = [GOOD, POOR, POOR, POOR]
  t.same(shownAfter(...poor, slow, POOR, slow).at(-1), POOR)
  t.same(shownAfter(...poor, slow, slow, slow, slow, slow, slow).at(-1), slow)
})

t.test('However it goes up and down, it does not flicker: two changes are 3 s apart at least, and a better one is 6 s after the last', async () => {
  const step = fc.record({ quality: fc.constantFrom(GOOD, FAIR, POOR), lasts: fc.integer({ min: 100, max: 5_000 }) })
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), steps => {
    let judgement: Judgement = NOT_JUDGED
    let [now, changed] = [0, 0]
    for (const { quality, lasts } of steps) {
      const { shown } = judgement
      judgement = smooth(judgement, quality, now, now += lasts)
      if (judgement.shown === shown) continue
      if (shown !== null && now - changed < (rank(judgement.shown ?? GOOD) > rank(shown) ? WORSE_AFTER : BETTER_AFTER)) return false
      changed = now
    }
    return true
  }))
})

t.test('What goes on for long enough is what is shown', async t => {
  const quality = fc.constantFrom(GOOD, FAIR, POOR)
  fc.assert(fc.property(fc.array(quality), quality, (before, last) => {
    t.same(shownAfter(...before, ...Array.from({ length: 20 }, () => last)).at(-1), last)
  }))
})

t.test('The figures of a report: the way, and the loss that the other side reports of what is still sent', async t => {
  const local = { id: 'l', type: 'local-candidate', candidateType: 'host', timestamp: 20_000 }
  const remote = { ...local, id: 'r', type: 'remote-candidate', candidateType: 'srflx' }
  const ends = { localCandidateId: 'l', remoteCandidateId: 'r' }
  const pair = { id: 'p', type: 'candidate-pair', state: 'succeeded', nominated: true, ...ends, currentRoundTripTime: 0.5, timestamp: 20_000 }
  const transport = { id: 't', type: 'transport', selectedCandidatePairId: 'p', timestamp: 20_000 }
  const figures = (...entries: Array<{ id: string, [figure: string]: unknown }>) => {
    return measure(new Map(entries.map(entry => [entry.id, entry])) as unknown as RTCStatsReport, null, null)
  }
  t.match(figures({ ...pair, id: 'o', localCandidateId: 'x', currentRoundTripTime: 9 }, pair, local, remote, transport), { path: 'direct', currentRoundTripTime: 0.5 })
  t.match(figures(pair, local, remote), { path: 'direct', currentRoundTripTime: 0.5 }, 'Firefox, which has no transport')
  t.equal(figures(pair, { ...local, candidateType: 'relay' }, remote, transport).path, 'relayed')
  t.equal(figures(pair, local, { ...remote, candidateType: 'relay' }).path, 'relayed')
  t.equal(figures(local).path, '')
  const report = { id: 'a', type: 'remote-inbound-rtp', kind: 'audio', fractionLost: 0.1, timestamp: 19_000 }
  t.equal(figures(local, report, { ...report, id: 'v', fractionLost: 0.3, timestamp: 5_000 }).outgoingLoss, 0.1)
  t.equal(figures(local).outgoingLoss, -1)
})

/** From now on the page's peer connection measures this round trip, in seconds. */
function become (page: FakePage, now: () => number, roundTrip: number): void {
  const { connection } = page
  if (connection === null) throw new Error('There is no call.')
  connection.getStats = async () => new Map([['p', { id: 'p', type: 'candidate-pair', state: 'succeeded', currentRoundTripTime: roundTrip, timestamp: now() }]])
}

async function measured (t: Test): Promise<{ world: World, anna: FakePage, told: () => unknown[], become: (roundTrip: number) => void }> {
  const world = new World()
  const [anna] = await world.call(t)
  become(anna, () => world.clock.now(), 0.04)
  await anna.adaptor.enableStats('room1', 1_000)
  const told = () => anna.payloads.filter(([info]) => info === 'quality_changed').map(([, payload]) => payload)
  return { world, anna, told, become: roundTrip => become(anna, () => world.clock.now(), roundTrip) }
}

t.test('quality_changed tells each change once, and the property has the last', async t => {
  const { world, anna, told, become } = await measured(t)
  t.equal(anna.adaptor.quality, null)
  await world.pass(3_000)
  t.same(told(), [{ streamId: 'room1', level: 'good', reason: null }])
  become(1)
  await world.pass(2_000)
  t.equal(told().length, 1)
  await world.pass(5_000)
  t.same(told().slice(1), [{ streamId: 'room1', level: 'poor', reason: 'delay' }])
  t.match(anna.adaptor.quality, { level: 'poor', reason: 'delay' })
  become(0.04)
  await world.pass(8_000)
  t.same(told().slice(2), [{ streamId: 'room1', level: 'good', reason: null }])
  t.same(anna.errorNames, [])
})

t.test('A call that has lost its way is poor', async t => {
  const { world, anna, told } = await measured(t)
  await world.pass(3_000)
  anna.connection?.become('disconnected')
  await world.pass(4_000)
  t.match(told().at(-1), { level: 'poor', reason: 'interrupted' })
})

t.test('After the call nothing is known of its quality, and no timer goes on; the next call is judged anew', async t => {
  const { world, anna, told } = await measured(t)
  const idle = world.clock.pending
  await world.pass(3_000)
  void anna.adaptor.leave()
  await world.whenIdle()
  t.equal(anna.adaptor.quality, null)
  t.ok(world.clock.pending < idle)
  await world.pass(20_000)
  void anna.adaptor.join('room1')
  await world.whenIdle()
  become(anna, () => world.clock.now(), 1)
  await world.pass(6_000)
  t.match(told(), [{ level: 'good' }, { level: 'poor' }])
})
