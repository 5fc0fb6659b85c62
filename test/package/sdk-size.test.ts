import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { ownMemberNames } from '../../.scripts/member-names.js'
import { shortenPrivateNames } from '../../.scripts/private-names.js'

/** Maximum size of each file as it travels, compressed with brotli, in bytes: what every call needs, and what is loaded when it is used. */
const BUDGETS: Record<string, number> = {
  'webrtc_adaptor.js': 12_000,
  'webrtc_adaptor.mjs': 12_000,
  'webrtc_adaptor.check.mjs': 4_850,
  'webrtc_adaptor.data.mjs': 4_850,
  'webrtc_adaptor.debug-log.mjs': 650,
  'webrtc_adaptor.developer.mjs': 350,
  'webrtc_adaptor.devices.mjs': 1_300,
  'webrtc_adaptor.guard.mjs': 6_500,
  'react.mjs': 950,
  'webrtc-call.mjs': 1_700,
  'webrtc_adaptor.screen.mjs': 1_400,
  'webrtc_adaptor.sound.mjs': 900,
  'webrtc_adaptor.stats.mjs': 2_750,
  'webrtc_adaptor.verification.mjs': 1_575
}

const dist = (file: string) => new URL(`../../dist/client/${file}`, import.meta.url)
const built = readdirSync(dist('.')).filter(file => /^(?!adapter).*js$/.test(file))

t.test('Each file of the SDK stays within its budget', async t => {
  t.same(built.sort(), Object.keys(BUDGETS).sort(), 'each has one')
  for (const [file, budget] of Object.entries(BUDGETS)) {
    const size = readFileSync(dist(`${file}.br`)).length
    t.comment(`${file}: ${size} bytes`)
    t.ok(size <= budget, `${file}: ${size} bytes`)
  }
})

t.test('No private member of the SDK is kept in a WeakMap, in any file', async t => {
  for (const file of built) t.notMatch(readFileSync(dist(file), 'utf8'), /Weak(Map|Set)|this\.#/, file)
})

t.test('Private names become short ones, and those of a base class and of one that extends it never meet', async t => {
  const source = `class Emitter { #listeners = '#listeners'; on () { return this.#listeners } }
class Call extends Emitter { #state; get #open () { return this.#state } inner = () => class { #state = 1 } }`
  t.equal(shortenPrivateNames('call.ts', source), `class Emitter { $A = '#listeners'; on () { return this.$A } }
class Call extends Emitter {  get B () { return this.A } inner = () => class { A = 1 } }`)
})

t.test('A field that is only declared is left out, and one with a value stays', async t => {
  t.equal(shortenPrivateNames('call.ts', 'class Call { readonly #room: string; id; live = false; #open = true }'), 'class Call {   live = false; B = true }')
})

t.test('The 27th private name of a class is another one', async t => {
  const names = [...Array(60).keys()].map(index => `#name${index}`)
  const short = shortenPrivateNames('call.ts', `class Call { ${names.join(' = 0; ')} = 0 }`)
  t.equal(new Set(short.match(/[A-Z]\d?(?= = 0)/g)).size, 60)
})

t.test('What cannot be replaced is refused: a test for a private name, and a second level of inheritance', async t => {
  t.throws(() => shortenPrivateNames('call.ts', 'class Call { #state; is (other) { return #state in other } }'), /cannot be shortened/)
  t.throws(() => shortenPrivateNames('call.ts', 'class Call extends Session { #state }'), /extends Session/)
})

t.test('A call through ?. with a spread is refused, since Chromium 87 to 90 cannot run it', async t => {
  t.throws(() => shortenPrivateNames('call.ts', 'call.end?.(...reasons)'), /fails in Chromium/)
  t.throws(() => shortenPrivateNames('call.ts', 'call?.end(...reasons)'), /fails in Chromium/)
  t.equal(shortenPrivateNames('call.ts', 'call.end(...reasons)'), 'call.end(...reasons)')
})

t.test('Members of classes become short ones where nothing but the SDK can know their names', async t => {
  t.same(ownMemberNames({
    'call.ts': 'class Call { handleStart () {} get session () {} flowing = true; #state; close () {} told = "flowing"; mend = "It is no good to mend it."; arrange = `$' + '{each}-arrange` }',
    'frames.ts': 'interface Settings { session: string } const frame = { handleStop () {}, name: 1 }',
    'webrtc-adaptor.ts': 'class WebRTCAdaptor { join () {} } class AdaptorError { device } class Emitter { on () {} } class Other { join () {}; name }'
  }, ['close']), ['handleStart', 'mend', 'told'])
})

t.test('So do those of interfaces that are marked as internal, and the keys of their objects, where no other type has them', async t => {
  t.same(ownMemberNames({
    'plan.ts': '/** What is sent. @internal */ export interface Plan { track: string, send (): void, mayOffer: boolean } const plan = { track: 1, mayOffer: true, other: 1 }',
    'told.ts': '/** What is told. */ export interface Told { track: string } class Call { other = 1; mayOffer = false }'
  }, ['send']), ['mayOffer'])
})
