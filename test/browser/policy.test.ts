import Fastify from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { launch, visit } from '../helpers/browser.js'
import { inCall } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { start } from '../helpers/start.js'
import { Wire } from '../helpers/wire.js'

// What peer.html's Content-Security-Policy keeps out of the page in a real browser, should anything ever get that far,
// and that the page works under it.

const browser = await launch(t)
const host = Fastify()
await host.register(webrtcSignalling, { apps: ['app'] })
const origin = await start(t, host)
const elsewhere = Fastify()
let asked = 0
elsewhere.addHook('onRequest', async () => { asked++ })
elsewhere.get('/foreign.js', (_request, reply) => reply.type('text/javascript').send('window.injected = "a foreign script"'))
const foreign = await start(t, elsewhere)

const REFUSED = /Content Security Policy/

declare global {
  interface Window {
    injected?: string
  }
}

async function open (t: Test): Promise<PeerPage> {
  return await PeerPage.open(t, browser, `${origin}/app`, { expected: [REFUSED] })
}

/** Puts HTML into the page as a fault of it would, and tells which directive has refused it. */
async function inject (page: Page, html: string): Promise<{ directive: string, injected: string | undefined }> {
  const directive = await page.evaluate(html => new Promise<string>(resolve => {
    document.addEventListener('securitypolicyviolation', event => resolve(event.effectiveDirective), { once: true })
    // Scripts run where they are inserted as a node, not as text.
    document.body.append(document.createRange().createContextualFragment(html))
  }), html)
  return { directive, injected: await page.evaluate(() => window.injected) }
}

const ATTACKS: Record<string, [html: string, directive: string]> = {
  'an inline script': ['<script>window.injected = "inline"</script>', 'script-src-elem'],
  'an event handler in an attribute': ['<img src="data:," onerror="window.injected = \'handler\'">', 'script-src-attr'],
  'a script of another origin': [`<script src="${foreign}/foreign.js"></script>`, 'script-src-elem'],
  'a script in its own address': ['<script src="data:text/javascript,window.injected=1"></script>', 'script-src-elem'],
  'an inline style': ['<style>body { display: none }</style>', 'style-src-elem'],
  'a style of another origin': [`<link rel="stylesheet" href="${foreign}/foreign.css">`, 'style-src-elem'],
  'a picture of another origin': [`<img src="${foreign}/spy.png">`, 'img-src'],
  'a frame': [`<iframe src="${foreign}/"></iframe>`, 'frame-src'],
  'another base for its addresses': [`<base href="${foreign}/">`, 'base-uri']
}

for (const [what, [html, directive]] of Object.entries(ATTACKS)) {
  t.test(`${what}, injected, is refused`, async t => {
    const { page } = await open(t)
    t.same(await inject(page, html), { directive, injected: undefined })
    t.equal(asked, 0, 'and nobody elsewhere has heard of it')
  })
}

t.test('what is said elsewhere, by fetch or by WebSocket, is refused, and nothing is evaluated', async t => {
  const { page } = await open(t)
  for (const address of [foreign, foreign.replace('http', 'ws')]) {
    const refused = await page.evaluate(address => new Promise<string>(resolve => {
      document.addEventListener('securitypolicyviolation', event => resolve(event.effectiveDirective), { once: true })
      // Either throws at once or fails later, as browsers differ.
      try {
        if (address.startsWith('ws')) new WebSocket(address).onerror = () => {}
        else fetch(address).catch(() => {})
      } catch {}
    }), address)
    t.equal(refused, 'connect-src')
  }
  // Without unsafe-eval; the page's own way of it, since what a debugger evaluates is exempt.
  t.equal(await page.evaluate(() => new Promise<string>(resolve => {
    document.addEventListener('securitypolicyviolation', event => resolve(event.blockedURI), { once: true })
    Reflect.apply(setTimeout, window, ['window.injected = "text"'])
  })), 'eval')
  t.equal(await page.evaluate(() => window.injected), undefined)
  t.equal(asked, 0)
})

t.test('another site cannot show the page in a frame', async t => {
  const framing = Fastify()
  framing.get('/', (_request, reply) => reply.type('text/html').send(`<link rel="icon" href="data:,"><iframe src="${origin}/app/peer.html"></iframe>`))
  // The same host name with another port is another origin.
  const page = await visit(t, browser, await start(t, framing), { expected: [REFUSED, /frame/] })
  const [, framed] = page.frames()
  t.match(framed?.url(), /^chrome-error:/)
})

t.test('whatever the other peer and the server say is text to the page', async t => {
  const [anna, ben] = [await open(t), await open(t)]
  await anna.join('words')
  await anna.is('waiting')
  await ben.join('words')
  await inCall(anna, ben)
  const html = '<img src="data:," onerror="window.injected = 1"><b id="bold">bold</b>'
  const { page } = anna
  const violations = await page.evaluateHandle(() => {
    const violations: string[] = []
    document.addEventListener('securitypolicyviolation', event => violations.push(event.effectiveDirective))
    return violations
  })
  const wire = Wire.of(page)
  const heard = wire.hears('"last"')
  await ben.page.evaluate(async html => {
    const { webRTCAdaptor } = window as unknown as { webRTCAdaptor: { sendPeerMessage: (definition: string, data: unknown) => Promise<void> } }
    for (const definition of [html, 'error', 'leaved', 'last']) await webRTCAdaptor.sendPeerMessage(definition, html)
  }, html)
  await heard
  await host.rooms.send('app', 'words', html, html)
  const [first] = await host.rooms.peers('app', 'words')
  await host.rooms.remove(first?.id ?? '', html)
  t.equal(await anna.error(), 'You are no longer in this room. Join it again.')
  t.equal(await page.locator('#bold').count(), 0)
  t.equal(await page.evaluate(() => window.injected), undefined)
  t.same(await violations.jsonValue(), [], 'so that the policy had nothing to refuse')
})
