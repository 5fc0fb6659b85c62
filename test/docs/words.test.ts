import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { filesBelow, ROOT } from '../helpers/imports.js'

// One word for one thing, and the field's own: what reads like a riddle to a stranger is not written.

const SOURCES = [...filesBelow('lib'), ...filesBelow('test'), ...filesBelow('example'), 'README.md', '.github/CONTRIBUTING.md']
  .filter(file => /\.(?:ts|js|css|html|md)$/.test(file) && !file.includes('node_modules') && file !== 'test/docs/words.test.ts')

/** Every part of every word of a file: `#maxWaiting` has `max` and `waiting`. */
function parts (file: string): string[] {
  // `Promise.allSettled`, and what it gives, are JavaScript's.
  const text = readFileSync(join(ROOT, file), 'utf8').replace(/allSettled|PromiseSettledResult/g, '')
  return [...text.matchAll(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g)].map(([part]) => part.toLowerCase())
}

const PRIVATE = ['hub', 'patience', 'ladder', 'rung', 'climb', 'ghost', 'bury', 'wish', 'lane', 'utterance', 'settle', 'settles', 'settled', 'unsettled']

t.test('No private word of ours is in code, comments, tests or pages', async t => {
  const found = SOURCES.flatMap(file => {
    const all = new Set(parts(file))
    return PRIVATE.filter(word => all.has(word)).map(word => `${file}: ${word}`)
  })
  t.same(found, [])
})

t.test('It is spelt signalling, but in the names of the W3C and of Ant Media', async t => {
  // RTCPeerConnection's `signalingState`; Ant Media's packages and pages; what people search for.
  const foreign = /signalingState|RTCSignalingState|onsignalingstatechange|signalingstatechange|"signaling"/g
  const found = SOURCES.flatMap(file => {
    const text = readFileSync(join(ROOT, file), 'utf8').replace(foreign, '')
    return /signaling/i.test(text) ? [file] : []
  })
  t.same(found, [])
})
