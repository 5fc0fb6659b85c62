import t from 'tap'
import Fastify from 'fastify'
import webrtcSignalling from '../../lib/index.js'
import { launch } from '../helpers/browser.js'
import { inCall } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { start } from '../helpers/start.js'
import { passEverything, tlsProxy } from '../helpers/tls-proxy.js'

const browser = await launch(t)

t.test('Two people open the page behind a proxy with TLS that cuts a prefix off, and call each other', async t => {
  const app = Fastify({ trustProxy: true })
  await app.register(webrtcSignalling, { apps: ['WebRTCApp4'] })
  const front = await tlsProxy(t, await start(t, app), passEverything)
  const context = { ignoreHTTPSErrors: true }
  const [anna, ben] = [await PeerPage.open(t, browser, `${front}/WebRTCApp4`, { context }), await PeerPage.open(t, browser, `${front}/WebRTCApp4`, { context })]
  await anna.join('behind')
  await ben.join('behind')
  await inCall(anna, ben)
})
