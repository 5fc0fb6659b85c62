import t from 'tap'
import type { CheckStep } from '../../lib/client/extras/check/check-types.js'
import { FINDINGS } from '../../lib/client/extras/check/findings.js'
import { NO_CHECK, reduceCheck, seenOfCheck } from '../../lib/page/check-state.js'
import german from '../../lib/page/words-de.js'
import english from '../../lib/page/words-en.js'

// What the page makes of a check of the connection, without a page.

type Event = { type: string, step?: CheckStep }

const after = (...events: Event[]): typeof NO_CHECK => events.reduce(reduceCheck, NO_CHECK)
const told = (...steps: CheckStep[]): Event[] => steps.map(step => ({ type: 'step', step }))
const ended = (...steps: CheckStep[]): Event[] => [{ type: 'started' }, ...told(...steps.map(({ name, url }): CheckStep => ({ name, ...url === undefined ? {} : { url }, status: 'running' })), ...steps), { type: 'ended' }]
const tone = (...events: Event[]): string => seenOfCheck(after(...events), english, 'chromium').tone

t.test('The page has words for every code of a check and for every step, in both languages', async t => {
  for (const { check } of [english, german]) t.same(Object.keys(check.codes).sort(), Object.keys(FINDINGS).sort())
  const names: Record<CheckStep['name'], true> = { browser: true, securePage: true, camera: true, microphone: true, webSocket: true, iceServer: true, relayedCall: true }
  t.same(Object.keys(english.check.steps).sort(), [...Object.keys(names), 'turnServer'].sort())
})

t.test('Steps that run side by side are shown in the order in which they began, each with what came of it', async t => {
  const check = after({ type: 'started' }, ...told(
    { name: 'camera', status: 'running' },
    { name: 'microphone', status: 'running' },
    { name: 'microphone', status: 'passed', device: 'Headset' }
  ))
  t.match(seenOfCheck(check, english, 'chromium').rows, [
    { title: 'Camera', state: 'is being checked', figures: '' },
    { title: 'Microphone', state: 'works', figures: 'Headset', reason: '', remedy: '' }
  ])
})

t.test('A server that is named twice has a row for each', async t => {
  const url = 'turn:turn.example'
  const { rows } = seenOfCheck(after(...ended({ name: 'iceServer', url, status: 'passed' }, { name: 'iceServer', url, status: 'failed', code: 'iceServerFull' })), english, 'chromium')
  t.same(rows.map(({ title, state }: { title: string, state: string }) => [title, state]), [['Server that relays calls (TURN)', 'works'], ['Server that relays calls (TURN)', 'does not work']])
})

t.test('Figures stand in the language of the page', async t => {
  const row = (words: typeof english): string | undefined =>
    seenOfCheck(after(...ended({ name: 'relayedCall', status: 'passed', roundTrip: 12.4, bitrate: 12345 })), words, 'chromium').rows[0]?.figures
  t.equal(row(english), '12 ms · 12,345 kbit/s')
  t.equal(row(german), '12 ms · 12.345 kbit/s')
})

t.test('What failed says why, what to do in the browser at hand, and what the browser said', async t => {
  const check = after(...ended({ name: 'camera', status: 'failed', code: 'deviceRefused', detail: 'NotAllowedError: no' }))
  const remedy = (browser: string): string | undefined => seenOfCheck(check, english, browser).rows[0]?.remedy
  t.match(seenOfCheck(check, english, 'firefox').rows[0], { reason: 'The browser was not allowed to use it.', detail: 'NotAllowedError: no' })
  t.equal(remedy('firefox'), 'Click the crossed-out icon in the address bar, take the block away, then check again.')
  t.equal(remedy('unheard of'), 'Allow it in the address bar, then check again.')
})

t.test('A code that the page does not know yet leaves the step without a reason, and the page standing', async t => {
  const { rows } = seenOfCheck(after(...ended({ name: 'camera', status: 'failed', code: 'unheardOf' as never })), german, 'other')
  t.match(rows, [{ title: 'Kamera', state: 'geht nicht', reason: '', remedy: '' }])
})

t.test('All that passed is well; what could not be tried is a doubt, unless nobody misses it; one failure is enough to be told', async t => {
  const passed: CheckStep = { name: 'browser', status: 'passed' }
  t.equal(tone(...ended(passed)), 'good')
  t.equal(tone(...ended(passed, { name: 'camera', status: 'skipped', code: 'notWanted' })), 'good')
  t.equal(tone(...ended(passed, { name: 'iceServer', status: 'skipped', code: 'noIceServer' })), 'doubtful')
  t.equal(tone(...ended(passed, { name: 'relayedCall', status: 'failed', code: 'relayFailed' })), 'bad')
  t.equal(tone({ type: 'started' }, { type: 'broken' }), 'broken')
})

t.test('A place that is not given in a made-up room is a doubt, and no failure', async t => {
  const events = ended({ name: 'webSocket', status: 'failed', code: 'joinRefused', detail: 'unauthorized_access' })
  t.equal(tone(...events), 'doubtful')
  t.match(seenOfCheck(after(...events), english, 'other').rows, [{ status: 'skipped', state: 'not checked', reason: /made up for this check/ }])
})

t.test('A check that is cancelled shows what had come, and no step that still runs; another begins anew', async t => {
  const cancelled = after({ type: 'started' }, ...told({ name: 'browser', status: 'running' }, { name: 'browser', status: 'passed' }, { name: 'camera', status: 'running' }), { type: 'cancelled' })
  t.match(seenOfCheck(cancelled, english, 'other'), { tone: 'cancelled', verdict: 'The check was cancelled.', rows: [{ title: 'Browser' }] })
  t.same(reduceCheck(cancelled, { type: 'started' }).steps, [])
})
