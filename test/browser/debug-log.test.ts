import Fastify from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'
import t from 'tap'
import { launch } from '../helpers/browser.js'
import { inCall } from '../helpers/media.js'
import { PeerPage } from '../helpers/peer-page.js'
import { start } from '../helpers/start.js'
import { Wire } from '../helpers/wire.js'

const browser = await launch(t)

t.test('the switch in localStorage prints a call, without SDP, credentials or tokens, and only where it is set', async t => {
  const fastify = Fastify()
  await fastify.register(webrtcSignalling, { turn: { urls: 'turn:127.0.0.1:9', secret: 'shared with the TURN server' } })
  const origin = await start(t, fastify)
  const localStorage = [{ name: 'fastify-webrtc-signalling:debug', value: '1' }]
  const anna = await PeerPage.open(t, browser, `${origin}/WebRTCApp4`, { context: { storageState: { cookies: [], origins: [{ origin, localStorage }] } } })
  const ben = await PeerPage.open(t, browser, `${origin}/WebRTCApp4`)
  const [lines, silence] = [anna, ben].map(({ page }) => {
    const printed: string[] = []
    page.on('console', message => printed.push(message.text()))
    return printed
  }) as [string[], string[]]

  await anna.join('logged')
  await anna.is('waiting')
  await ben.join('logged')
  await Promise.all([anna.is('call'), ben.is('call')])
  await inCall(anna, ben)
  await anna.press('Camera', 'off')
  await anna.press('Camera', 'on')
  await inCall(anna, ben)
  await anna.leave()

  t.same(silence, [])
  t.ok(lines.length > 20, `${lines.length} lines`)
  for (const line of lines) t.match(line, /^fastify-webrtc-signalling \d+ (logged)?\/[\w-]* (connection|join|call|recovery|media|error): [\w ,-]+$/)
  for (const words of ['join: seated', 'call: sent takeConfiguration offer', 'call: received takeConfiguration answer', 'call: ICE connected', 'media: camera false', 'join: unseated']) {
    t.ok(lines.some(line => line.includes(words)), words)
  }

  const secrets = new Set<string>()
  const visit = (value: unknown, key = ''): void => {
    if (typeof value === 'object' && value !== null) for (const [name, each] of Object.entries(value)) visit(each, name)
    else if (typeof value !== 'string' || value === '') return
    // Short words of a description, such as numbers, are in any text.
    else if (key === 'sdp' || key === 'candidate') for (const word of value.split(/\s+/)) if (word.length > 8) secrets.add(word)
    if (['resumeToken', 'claim', 'usernameFragment', 'session', 'credential', 'username', 'turnServerUsername', 'turnServerCredential'].includes(key)) secrets.add(value as string)
  }
  for (const { text } of Wire.of(anna.page).frames) visit(JSON.parse(text))
  t.ok(secrets.size > 50, `${secrets.size} secrets were on the wire`)
  t.same(lines.filter(line => [...secrets].some(secret => line.includes(secret))), [])
})
