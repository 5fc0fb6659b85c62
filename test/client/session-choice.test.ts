import t from 'tap'
import { belongsTo, chooseSession, type IncomingOffer, type KnownSession, type OfferChoice } from '../../lib/client/call/session-choice.js'

const none = null
/** A session that this side has offered, and that nobody has answered yet. */
const offered: KnownSession = { id: 'mine', peer: 'unknown', unanswered: true, origin: null }
/** A session with a peer of this SDK, both sides agreed. */
const ours: KnownSession = { id: 'mine', peer: 'ours', unanswered: false, origin: '1' }
/** A session with a client of another make, both sides agreed. */
const plain: KnownSession = { id: 'mine', peer: 'plain', unanswered: false, origin: '1' }

const same: IncomingOffer = { id: 'mine', fresh: false, origin: '1' }
const stale: IncomingOffer = { id: 'theirs', fresh: false, origin: '2' }
const fresh: IncomingOffer = { id: 'theirs', fresh: true, origin: '2' }
const unnamed: IncomingOffer = { id: undefined, fresh: false, origin: '1' }
const unnamedOther: IncomingOffer = { id: undefined, fresh: false, origin: '2' }
const unnamedWithoutOrigin: IncomingOffer = { id: undefined, fresh: false, origin: '' }

/** What this side has, what comes, and what becomes of it on the polite and on the impolite side. */
const CHOICES: Array<[string, KnownSession | null, IncomingOffer, OfferChoice, OfferChoice]> = [
  ['the first offer of a peer of this SDK', none, fresh, 'replace', 'replace'],
  ['a later offer on a session that was closed here', none, stale, 'unknown', 'unknown'],
  ['an offer on the session that is there', ours, same, 'current', 'current'],
  ['a fresh peer connection of the other side', ours, fresh, 'replace', 'replace'],
  ['an offer on a session before this one', ours, stale, 'unknown', 'unknown'],
  ['a fresh peer connection while our own offer is under way', offered, fresh, 'replace', 'ignore'],
  ['an offer on an older session while our own is under way', offered, stale, 'ignore', 'ignore'],
  ['an offer on the session that we have just offered', offered, same, 'current', 'current'],
  ['a fresh peer connection of this SDK after a client of another make', plain, fresh, 'replace', 'replace'],
  ['the first offer of a client of another make', none, unnamed, 'replace', 'replace'],
  ['a later offer of the same peer connection of another make', plain, unnamed, 'current', 'current'],
  ['an offer of a new peer connection of another make', plain, unnamedOther, 'replace', 'replace'],
  ['an offer of another make without an origin', plain, unnamedWithoutOrigin, 'replace', 'replace'],
  ['an offer of another make while our own is under way', offered, unnamed, 'replace', 'replace'],
  ['an offer of another make after a peer of this SDK', ours, unnamed, 'replace', 'replace']
]

for (const [what, current, offer, polite, impolite] of CHOICES) {
  t.test(`${what}: ${polite === impolite ? polite : `${polite} on the polite side, ${impolite} on the other`}`, async t => {
    t.equal(chooseSession(current, offer, true), polite, 'polite')
    t.equal(chooseSession(current, offer, false), impolite, 'impolite')
  })
}

t.test('an answer or a candidate belongs to the session that it names, or, where it names none, to one with another make', async t => {
  const cases: Array<[KnownSession, string | undefined, boolean]> = [
    [ours, 'mine', true],
    [ours, 'theirs', false],
    [ours, undefined, false],
    [plain, undefined, true],
    [plain, 'theirs', false],
    [offered, 'mine', true],
    [offered, undefined, true]
  ]
  for (const [current, id, belongs] of cases) t.equal(belongsTo(current, id), belongs, `${current.peer}, ${id}`)
})
