import t from 'tap'
import { seen } from '../../lib/page/seen.js'
import { INITIAL, reduce } from '../../lib/page/state.js'
import { readingOf } from '../../lib/page/verification.js'
import german from '../../lib/page/words-de.js'
import english from '../../lib/page/words-en.js'

// What the page makes of the code that the two people read to one another, without a page.

const CALL = { ...INITIAL.facts, connected: true, code: 'kiwi taxi 4711' }
const after = (...events: object[]) => seen(events.reduce((state, event) => reduce(state, { at: 0, ...event }), INITIAL), english)
const IN_CALL = [{ type: 'joining', room: 'room1' }, { type: 'joined', message: { peers: 1 } }, { type: 'look', facts: CALL }]

t.test('a code is seen in a call, and nowhere else', async t => {
  t.equal(after().code, null)
  t.equal(after(...IN_CALL).code, 'kiwi taxi 4711')
  t.equal(after(...IN_CALL, { type: 'verification_code_changed', facts: { ...CALL, code: 'zebra piano 1234' } }).code, 'zebra piano 1234')
  t.equal(after(...IN_CALL, { type: 'left' }).code, null)
  t.equal(after(...IN_CALL, { type: 'verification_code_changed', facts: { ...CALL, code: null } }).code, null)
})

t.test('a code comes with what it proves, and where there is none, that is said', async t => {
  for (const words of [english, german]) {
    t.same(readingOf('kiwi taxi 4711', words), { code: 'kiwi taxi 4711', note: words.verification.proves })
    t.same(readingOf(null, words), { code: '', note: words.verification.none })
  }
})
