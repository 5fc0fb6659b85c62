import t from 'tap'
import { ResumeProof, splitToken } from '../../lib/rooms/resume-proof.js'

t.test('No two secrets have a byte row in common, though their random bytes are made many at a time', async t => {
  const rows = new Set<string>()
  const proof = new ResumeProof()
  for (let i = 0; i < 1_000; i++) {
    const { secret } = splitToken(proof.issueToken('seat'))
    const bytes = Buffer.from(secret, 'base64url')
    t.equal(bytes.length, 24)
    // Eight bytes are the same by chance once in 10^13 such runs.
    for (let at = 0; at < bytes.length; at += 8) rows.add(bytes.toString('hex', at, at + 8))
    t.ok(proof.matchesToken(secret), 'the last one proves the owner')
  }
  t.equal(rows.size, 3_000)
})
