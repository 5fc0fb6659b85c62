import { readFileSync } from 'node:fs'
import t from 'tap'
import { shortenPrivateNames } from '../../.ci/private-names.js'

/** Maximum size of the classic script as it travels, compressed with brotli, in bytes. */
const BUDGET = 16_000

const dist = (file: string) => new URL(`../../dist/client/${file}`, import.meta.url)

t.test('The SDK as a classic script stays within its budget', async t => {
  const size = readFileSync(dist('webrtc_adaptor.js.br')).length
  t.comment(`${size} bytes`)
  t.ok(size <= BUDGET, `${size} bytes`)
})

t.test('No private member of the SDK is kept in a WeakMap, in either form', async t => {
  for (const file of ['webrtc_adaptor.js', 'webrtc_adaptor.mjs']) t.notMatch(readFileSync(dist(file), 'utf8'), /Weak(Map|Set)|this\.#/, file)
})

t.test('Private names become short ones, and those of a base class and of one that extends it never meet', async t => {
  const source = `class Emitter { #listeners = '#listeners'; on () { return this.#listeners } }
class Call extends Emitter { #state; get #open () { return this.#state } inner = () => class { #state = 1 } }`
  t.equal(shortenPrivateNames('call.ts', source), `class Emitter { _a = '#listeners'; on () { return this._a } }
class Call extends Emitter { $a; get $b () { return this.$a } inner = () => class { _a = 1 } }`)
})

t.test('The 27th private name of a class is another one', async t => {
  const names = [...Array(60).keys()].map(index => `#name${index}`)
  const short = shortenPrivateNames('call.ts', `class Call { ${names.join('; ')} }`)
  t.equal(new Set(short.match(/_\w+/g)).size, 60)
})

t.test('What cannot be replaced is refused: a test for a private name, and a second level of inheritance', async t => {
  t.throws(() => shortenPrivateNames('call.ts', 'class Call { #state; is (other) { return #state in other } }'), /cannot be shortened/)
  t.throws(() => shortenPrivateNames('call.ts', 'class Call extends Session { #state }'), /extends Session/)
})
