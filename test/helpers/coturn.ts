import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binding } from './turn-client.js'

export interface Coturn {
  port: number
  /** What a browser takes for this server, over UDP. */
  url: string
  /** The same over TCP, and over TLS where there is a certificate. */
  tcpUrl: string
  tlsUrl: string
  /** What it has logged so far. */
  log (): Promise<string>
  stop (): Promise<void>
}

export interface CoturnOptions {
  /** It takes credentials made with any of these. */
  secrets: string[]
  realm?: string
  /** With it coturn listens for TLS, too: a certificate for localhost. */
  certificate?: { key: string, cert: string }
}

/** There is no coturn on this machine. */
class MissingError extends Error {}

const ATTEMPTS = 3
/** In ms. */
const START_TIMEOUT = 60_000
const RELAY_PORTS = 64
/** Below the ports that Linux hands out by itself, so that relays and other tests do not meet. */
const RELAY_PORT_RANGE = [20_000, 32_000] as const

/**
 * Ends coturn, and takes its directory away, when the standard input ends: a test that is killed takes coturn with it.
 * What waits for that is a background job, to which a shell gives no input unless it is handed over.
 */
const LAUNCHER = `
exec 3<&0
turnserver "$@" 3<&- &
server=$!
{ read -r _ <&3; kill -9 $server; rm -rf "$PWD"; } >/dev/null 2>&1 &
wait $server`
/** What a shell says of a command that it cannot find. */
const NOT_FOUND = 127

/** Starts Debian's coturn on loopback, with nothing of its own outside a directory in the temporary one. */
export async function startCoturn (options: CoturnOptions): Promise<Coturn> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(options)
    } catch (error) {
      // Between finding a free port and coturn's taking it, someone else may have.
      if (attempt === ATTEMPTS || error instanceof MissingError) throw error
    }
  }
}

async function launch ({ secrets, realm = 'signalling.test', certificate }: CoturnOptions): Promise<Coturn> {
  const directory = await mkdtemp(join(tmpdir(), 'coturn-'))
  const logFile = join(directory, 'log')
  const port = await freePort()
  const tlsPort = await freePort()
  const [certFile, keyFile] = ['certificate.pem', 'key.pem'].map(name => join(directory, name)) as [string, string]
  if (certificate !== undefined) await Promise.all([writeFile(certFile, certificate.cert), writeFile(keyFile, certificate.key)])
  const tls = certificate === undefined ? ['--no-tls'] : [`--tls-listening-port=${tlsPort}`, `--cert=${certFile}`, `--pkey=${keyFile}`]
  const [lowest, highest] = RELAY_PORT_RANGE
  const minPort = lowest + Math.floor(Math.random() * (highest - lowest - RELAY_PORTS))
  const server = spawn('/bin/sh', [
    '-c', LAUNCHER, 'turnserver', '-n', '--no-cli', ...tls, '--no-dtls', '--no-multicast-peers', '--allow-loopback-peers',
    '--listening-ip=127.0.0.1', `--listening-port=${port}`, '--relay-ip=127.0.0.1',
    `--min-port=${minPort}`, `--max-port=${minPort + RELAY_PORTS - 1}`, '--relay-threads=1',
    '--use-auth-secret', ...secrets.map(secret => `--static-auth-secret=${secret}`), `--realm=${realm}`,
    `--userdb=${join(directory, 'db')}`, `--pidfile=${join(directory, 'pid')}`,
    `--log-file=${logFile}`, '--simple-log', '--no-stdout-log', '--verbose'
  ], { cwd: directory, stdio: ['pipe', 'ignore', 'ignore'] })
  const log = () => readFile(logFile, 'utf8').catch(() => '')
  const stop = async () => {
    server.stdin.end()
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
    await rm(directory, { recursive: true, force: true })
  }
  const waiting = new AbortController()
  const deadline = AbortSignal.timeout(START_TIMEOUT)
  try {
    await Promise.race([
      once(server, 'exit', { signal: waiting.signal }).then(async ([code]) => { throw await explain(code, log) }),
      binding(port, AbortSignal.any([waiting.signal, deadline]))
    ])
    const url = `turn:127.0.0.1:${port}?transport=udp`
    return { port, url, tcpUrl: url.replace('udp', 'tcp'), tlsUrl: `turns:localhost:${tlsPort}?transport=tcp`, log, stop }
  } catch (error) {
    await stop()
    throw error
  } finally {
    waiting.abort()
  }
}

async function explain (code: number | null, log: () => Promise<string>): Promise<Error> {
  if (code !== NOT_FOUND) return new Error(`turnserver ended with ${code}:\n${await log()}`)
  return new MissingError('The TURN tests need coturn: install it with "apt-get install coturn", or put turnserver on the PATH.')
}

/** A port that is free on loopback for UDP and for TCP: coturn listens on both. */
async function freePort (): Promise<number> {
  for (;;) {
    const tcp = createServer().listen(0, '127.0.0.1')
    await once(tcp, 'listening')
    const { port } = tcp.address() as AddressInfo
    const udp = createSocket('udp4')
    const free = await new Promise<boolean>(resolve => udp.once('error', () => resolve(false)).bind(port, '127.0.0.1', () => resolve(true)))
    udp.close()
    tcp.close()
    await once(tcp, 'close')
    if (free) return port
  }
}
