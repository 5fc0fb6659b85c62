import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:https'
import type { TLSSocket } from 'node:tls'
import t from 'tap'
import { addresses, instructions } from '../../example/https/server.js'
import { ROOT } from '../helpers/imports.js'
import { readCode } from '../helpers/qr.js'

// `npm run start:https`: the page for a phone in the same network.

/** The rows of a QR code in a terminal, where a character is two modules, one above the other, and what is drawn is light. */
function codeIn (text: string): boolean[][] {
  return text.split('\n').filter(line => /^[█▀▄ ]+$/.test(line) && line.trim() !== '').flatMap(line => [
    [...line].map(sign => !'█▀'.includes(sign)),
    [...line].map(sign => !'█▄'.includes(sign))
  ])
}

t.test('the page is served with a certificate made on the spot for this machine\'s addresses, which are printed and are in a QR code', async t => {
  const child = spawn(process.execPath, ['example/https/server.js'], { cwd: ROOT, env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exit
  })
  let text = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    text += String(chunk)
    if (/▀{5,}\s*$/.test(text)) break
  }
  const printed = text.match(/https:\/\/\S+/g) ?? []
  const hosts = addresses()
  t.same(printed.map(address => new URL(address).hostname), hosts.length === 0 ? ['localhost'] : hosts)
  t.equal(readCode(codeIn(text)), printed[0])
  const { status, html, names } = await new Promise<{ status: number | undefined, html: string, names: string | undefined }>((resolve, reject) => {
    get(printed[0] ?? '', { rejectUnauthorized: false }, response => {
      const names = (response.socket as TLSSocket).getPeerCertificate().subjectaltname
      let html = ''
      response.setEncoding('utf8').on('data', chunk => { html += String(chunk) }).on('end', () => resolve({ status: response.statusCode, html, names }))
    }).on('error', reject)
  })
  t.equal(status, 200)
  t.match(html, '<video')
  for (const host of ['localhost', ...hosts]) t.match(names, host)
})

t.test('with several networks each address is printed, and the code has the first', async t => {
  const text = instructions(['192.0.2.1', '198.51.100.7'], 8443)
  t.same(text.match(/https:\/\/\S+/g), ['https://192.0.2.1:8443/WebRTCApp4/peer.html', 'https://198.51.100.7:8443/WebRTCApp4/peer.html'])
  t.equal(readCode(codeIn(text)), 'https://192.0.2.1:8443/WebRTCApp4/peer.html')
})
