import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Test } from 'tap'

export interface StrippingProxy {
  port: number
  /** The headers of the handshakes that it has passed on, as the server got them. */
  passed: Array<Record<string, string>>
  /** How the server has answered them, where not by an upgrade. */
  statuses: number[]
}

/** A reverse proxy for WebSocket handshakes that takes some headers away, as some do for privacy or by a slip. */
export async function strippingProxy (t: Test, target: number, gone: readonly string[]): Promise<StrippingProxy> {
  const passed: Array<Record<string, string>> = []
  const statuses: number[] = []
  const sockets = new Set<Socket>()
  const server = createServer((_request, response) => { response.writeHead(404).end() })
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !gone.includes(name))) as Record<string, string>
    passed.push(headers)
    const outgoing = request({ host: 'localhost', port: target, path: incoming.url, headers })
    outgoing.on('error', () => socket.destroy())
    outgoing.on('upgrade', (response, upstream) => {
      sockets.add(upstream)
      const lines = Object.entries(response.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`).join('')
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`)
      upstream.on('error', () => {})
      upstream.pipe(socket).pipe(upstream)
    })
    outgoing.on('response', response => {
      statuses.push(response.statusCode ?? 0)
      socket.end(`HTTP/1.1 ${response.statusCode} ${response.statusMessage}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
      response.resume()
    })
    outgoing.end()
  })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
  return { port: (server.address() as AddressInfo).port, passed, statuses }
}
