import { readFileSync } from 'node:fs'
import t from 'tap'
import { choicesOf, chosenOf, constraintsOf } from '../../lib/page/choices.js'
import { cornerAfter, cornerNear } from '../../lib/page/corner.js'
import { fitOf } from '../../lib/page/fit.js'
import { barOf } from '../../lib/page/level.js'
import { proposeRoom } from '../../lib/page/rooms.js'
import german from '../../lib/page/words-de.js'
import english from '../../lib/page/words-en.js'
import { browserOf, errorIn, wordsFor } from '../../lib/page/words.js'

// The parts of the page that need no page.

t.test('An arrow key takes one\'s own picture to the corner that it points to', async t => {
  t.equal(cornerAfter('bottom-right', 'ArrowUp'), 'top-right')
  t.equal(cornerAfter('bottom-right', 'ArrowLeft'), 'bottom-left')
  t.equal(cornerAfter('top-left', 'ArrowDown'), 'bottom-left')
  t.equal(cornerAfter('top-left', 'ArrowRight'), 'top-right')
  t.equal(cornerAfter('top-left', 'ArrowLeft'), 'top-left')
  t.equal(cornerAfter('top-left', 'a'), null)
})

t.test('A picture that is dropped goes to the nearest corner', async t => {
  t.equal(cornerNear(10, 10, 100, 100), 'top-left')
  t.equal(cornerNear(90, 60, 100, 100), 'bottom-right')
})

t.test('The other\'s picture fills the window unless that would cut too much of it away', async t => {
  const desktop = { width: 1440, height: 900 }
  t.equal(fitOf({ width: 640, height: 480 }, desktop), 'cover')
  t.equal(fitOf({ width: 480, height: 640 }, desktop), 'contain')
  t.equal(fitOf({ width: 640, height: 480 }, { width: 390, height: 844 }), 'contain')
  t.equal(fitOf({ width: 0, height: 0 }, desktop), 'cover')
})

t.test('A proposed room has a name that the server takes, and hardly ever the same twice', async t => {
  const names = Array.from({ length: 1000 }, () => proposeRoom())
  for (const name of names) t.match(name, /^[a-z]+-[a-z]+-[a-z0-9]{5}$/)
  t.equal(new Set(names).size, names.length)
})

t.test('Each kind of device has its own list, and one without a label has a number', async t => {
  const devices = [
    { kind: 'videoinput', deviceId: 'front', label: 'Front' },
    { kind: 'videoinput', deviceId: 'back', label: '' },
    { kind: 'audioinput', deviceId: 'default', label: 'Default' },
    { kind: 'audioinput', deviceId: 'communications', label: 'Communications' },
    { kind: 'audioinput', deviceId: '', label: '' }
  ]
  t.same(choicesOf(devices, 'videoinput', english), [{ value: 'front', text: 'Front' }, { value: 'back', text: 'Camera 2' }])
  t.same(choicesOf(devices, 'audioinput', english), [{ value: 'default', text: 'Default' }], 'no second name, and none that a page may not see yet')
  t.same(choicesOf(devices, 'audiooutput', english), [])
})

t.test('The device in use is shown as chosen, else the one that a person has chosen, else the first', async t => {
  const choices = [{ value: 'front', text: '' }, { value: 'back', text: '' }]
  t.equal(chosenOf(choices, 'back', 'front'), 'back')
  t.equal(chosenOf(choices, undefined, 'back'), 'back')
  t.equal(chosenOf(choices, 'gone', 'gone too'), 'front')
  t.equal(chosenOf([], 'back'), '')
})

t.test('Devices that were chosen before are asked for, but not insisted on', async t => {
  t.same(constraintsOf({ camera: 'back', microphone: undefined }), { video: { deviceId: { ideal: 'back' } }, audio: true })
  t.same(constraintsOf({ camera: '', microphone: { no: 'text' } }), { video: true, audio: true })
})

t.test('The bar of a level goes from 60 dB below full scale to full scale', async t => {
  t.equal(barOf(0), 0)
  t.equal(barOf(0.0001), 0)
  t.ok(Math.abs(barOf(0.0316) - 0.5) < 0.01)
  t.equal(barOf(1), 1)
  t.equal(barOf(2), 1)
})

/** The keys of an object and of those within, as paths. */
const paths = (value: unknown, path = ''): string[] => typeof value === 'object' && value !== null
  ? Object.entries(value).flatMap(([key, inner]) => paths(inner, `${path}.${key}`))
  : [path]

t.test('All languages have the same words', async t => {
  t.same(paths(german).sort(), paths(english).sort())
  const holes = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort()
  const read = (words: object, path: string): string => path.split('.').slice(1).reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], words) as string
  // What names both devices in one language may name them itself in another.
  for (const path of paths(english).filter(path => !path.includes('PermissionDismissedError'))) t.same(holes(read(german, path)), holes(read(english, path)), path)
})

t.test('What stands in the page before its script runs is its English', async t => {
  const html = readFileSync(new URL('../../lib/page/peer.html', import.meta.url), 'utf8')
  const page: Record<string, string> = english.page
  const found = new Set<string>(['title'])
  const expect = (key: string, text: string): void => {
    found.add(key)
    t.equal(text, page[key], key)
  }
  for (const [, key = '', text = ''] of html.matchAll(/data-word="(\w+)"[^>]*>([^<]*)</g)) expect(key, text)
  for (const [, text = '', key = ''] of html.matchAll(/aria-label="([^"]*)" data-label="(\w+)"/g)) expect(key, text)
  for (const [, text = '', key = ''] of html.matchAll(/placeholder="([^"]*)" data-placeholder="(\w+)"/g)) expect(key, text)
  for (const [, text = '', key = ''] of html.matchAll(/ title="([^"]*)" data-title="(\w+)"/g)) expect(key, text)
  t.same([...found].sort(), Object.keys(page).sort(), 'and every word has its place')
})

t.test('The first language of a person that the page has is taken, and English where it has none', async t => {
  t.equal(wordsFor(['de-AT', 'en']), german)
  t.equal(wordsFor(['fr', 'de']), german)
  t.equal(wordsFor(['en-GB', 'de']), english)
  t.equal(wordsFor(['xx']), english)
  t.equal(wordsFor([]), english)
})

t.test('A person is sent to the menus of the browser at hand', async t => {
  const agents = {
    chromium: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    safari: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
    ios: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1',
    android: 'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
    other: 'curl/8'
  }
  for (const [browser, agent] of Object.entries(agents)) t.equal(browserOf(agent), browser)
  const texts = Object.keys(agents).map(browser => errorIn(english, { name: 'NotAllowedError', device: 'camera' }, browser))
  t.equal(new Set(texts).size, texts.length)
  for (const text of texts) t.match(text, /your camera\. /)
})

t.test('An error without words of its own has those of another, or says its name', async t => {
  t.equal(errorIn(english, { name: 'removed', otherwise: 'notInRoom' }, 'other'), english.errors.notInRoom)
  t.equal(errorIn(english, { name: 'constructor' }, 'other'), 'Something went wrong (constructor).')
})
