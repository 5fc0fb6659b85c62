import t from 'tap'
import { launch } from '../helpers/browser.js'
import { inCall } from '../helpers/media.js'
import { PlainPage } from '../helpers/plain-page.js'
import { servePages } from '../helpers/serve-pages.js'
import { start } from '../helpers/start.js'

const browser = await launch(t)
const page = `${await start(t, await servePages())}/WebRTCApp4/readme.html`

t.test('a TURN server without credentials is left out and told, and the two reach each other without it', async t => {
  const config = encodeURIComponent(JSON.stringify({ iceServers: [{ urls: 'turn:127.0.0.1:9' }, { urls: 'nonsense' }] }))
  const people = [await PlainPage.open(t, browser, `${page}?config=${config}`), await PlainPage.open(t, browser, page)] as const
  await inCall(...people)
  const errors = (await people[0].told()).filter(entry => entry.startsWith('error'))
  t.same(errors, ['error: invalidIceServer', 'error: invalidIceServer'], 'once for each of the two')
})
