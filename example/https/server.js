import { networkInterfaces } from 'node:os'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import webrtcSignalling from 'fastify-webrtc-signalling'
import { generate } from 'selfsigned'
import { renderUnicodeCompact } from 'uqr'
import { closeOnSignal } from '../close-on-signal.js'

// The page for a phone in the same network. Browsers give a camera to https alone, so this makes a certificate for the moment, which nobody
// has signed: each browser warns of it once. Use a real one wherever strangers come.

/** This machine's addresses in its networks. */
export function addresses () {
  return Object.values(networkInterfaces()).flat().filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address)
}

/**
 * @param {string[]} hosts names and addresses under which the page is opened
 * @param {import('fastify').FastifyServerOptions} [options]
 */
export async function build (hosts = ['localhost', ...addresses()], options = {}) {
  const { private: key, cert } = await generate([{ name: 'commonName', value: hosts[0] }], {
    keySize: 2048,
    // Numbers of the kinds of names (RFC 5280, section 4.2.1.6): an address is 7, a name 2.
    extensions: [{ name: 'subjectAltName', altNames: hosts.map(host => /^[\d.]+$/.test(host) ? { type: 7, ip: host } : { type: 2, value: host }) }]
  })
  const app = Fastify({ ...options, https: { key, cert } })
  await app.register(webrtcSignalling, { apps: ['WebRTCApp4'] })
  return app
}

/**
 * What a person is to do, with a QR code of the address for the phone.
 *
 * @param {string[]} hosts
 * @param {number} port
 */
export function instructions (hosts, port) {
  const [first = 'localhost', ...others] = hosts.map(host => `https://${host}:${port}/WebRTCApp4/peer.html`)
  return [
    `Open ${first}`,
    ...others.map(other => `  or ${other}`),
    'on this machine and on a phone in the same network. The browser warns of the certificate, which was made just now: go on all the same.',
    '',
    renderUnicodeCompact(first, { border: 2 })
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const hosts = addresses()
  const app = await build(['localhost', ...hosts])
  closeOnSignal(app)
  await app.listen({ port: Number(process.env.PORT ?? 8443), host: '0.0.0.0' })
  console.log(instructions(hosts.length === 0 ? ['localhost'] : hosts, app.server.address().port))
}
