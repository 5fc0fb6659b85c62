import crypto from 'node:crypto'
import t from 'tap'
import { Arena } from '../helpers/attack/arena.js'
import { table } from '../helpers/attack/table.js'

t.setTimeout(240_000)

t.test('A server with its defaults, and tokens that it has not issued', async t => {
  // So long that the owner may come back after all the guesses, however slow the machine is.
  const arena = await Arena.open(t, { plugin: { resume: { window: 120_000 } } })
  await table(t, arena, [
    {
      says: '100,000 forged resume tokens make plain joins, and leave nothing behind',
      attack: 'forged',
      memory: 100,
      cpu: 30_000,
      fared: (t, outcome) => {
        t.equal(outcome.joined, 100_000)
        t.equal(outcome.leaved, 100_000)
      }
    },
    {
      says: '100,000 guesses at the token of an absent seat: none is right, the other sitter is not disturbed, the owner comes back',
      attack: 'guesses',
      memory: 100,
      cpu: 30_000,
      fared: (t, outcome) => {
        t.equal(outcome['guessed right'], 0)
        t.equal(outcome.NoSpaceForNewPeer, 205 * 10 * 49)
        t.equal(outcome['victim refused'], 0)
        t.equal(outcome['victim still there'], 1)
        t.equal(outcome['owner back'], 1)
      }
    }
  ])
})

t.test('A token is compared by timingSafeEqual, all of it, and by nothing else', async t => {
  // Times on a shared machine say nothing about 24 bytes; who decides does.
  const compared: Array<[NodeJS.ArrayBufferView, NodeJS.ArrayBufferView]> = []
  let verdict = false
  const { ResumeProof, splitToken } = await t.mockImport<typeof import('../../lib/rooms/resume-proof.js')>('../../lib/rooms/resume-proof.js', {
    'node:crypto': {
      ...crypto,
      timingSafeEqual: (a: NodeJS.ArrayBufferView, b: NodeJS.ArrayBufferView) => {
        compared.push([a, b])
        return verdict
      }
    }
  })
  const proof = new ResumeProof()
  const { secret } = splitToken(proof.issueToken('seat'))
  const first = secret[0] === 'A' ? 'B' : 'A'
  for (const guess of [secret, first + secret.slice(1), secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A'), 'A'.repeat(32)]) {
    for (verdict of [true, false]) {
      compared.length = 0
      t.equal(proof.matchesToken(guess), verdict, 'its verdict is ours')
      t.equal(compared.length, 1)
      const [given, kept] = compared[0] ?? []
      t.same(given, Buffer.from(guess))
      t.same(kept, Buffer.from(secret))
    }
  }
  compared.length = 0
  verdict = true
  // Of another length, which is no secret: timingSafeEqual would throw.
  for (const guess of ['', 'A', secret.slice(0, -4), `${secret}AAAA`]) t.equal(proof.matchesToken(guess), false)
  t.equal(compared.length, 0)
  t.equal(Buffer.from(secret, 'base64url').length, 24, '192 bits of chance')
})
