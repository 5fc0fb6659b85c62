#!/usr/bin/env node
// Stands in for Firefox's own program: starts it, and speaks WebDriver BiDi with Playwright in its place. Playwright asks each page for
// emulations (of a colour scheme, say) that Firefox ESR does not know yet, and would open none. Here those are answered as done, since
// no test asks for them; everything else goes through as it is.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { WebSocket, WebSocketServer } from 'ws'

const browser = spawn(process.env.FIREFOX_PROGRAM, process.argv.slice(2), { stdio: ['ignore', 'inherit', 'pipe'] })
browser.on('exit', code => process.exit(code ?? 1))
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => browser.kill(signal))

/** Gives Playwright a connection to `address`. */
function link (near, address) {
  const far = new WebSocket(address)
  /** What came before the connection was open. */
  const early = []
  /** The emulations that are not answered yet, by the id of the command. */
  const emulations = new Set()
  near.on('message', data => {
    const text = String(data)
    const { id, method } = JSON.parse(text)
    if (method?.startsWith('emulation.')) emulations.add(id)
    if (far.readyState === WebSocket.OPEN) far.send(text)
    else early.push(text)
  })
  far.on('open', () => { for (const text of early) far.send(text) })
  far.on('message', data => {
    const text = String(data)
    // Only answers to commands have an id; most of what comes is events, and large.
    if (emulations.size === 0) return near.send(text)
    const { id, error } = JSON.parse(text)
    const unknown = emulations.delete(id) && error === 'unknown command'
    near.send(unknown ? JSON.stringify({ type: 'success', id, result: {} }) : text)
  })
  near.on('close', () => far.close())
  far.on('close', () => near.close())
  far.on('error', () => near.close())
}

for await (const line of createInterface({ input: browser.stderr })) {
  const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1]
  if (address === undefined) {
    console.error(line)
    continue
  }
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', near => link(near, `${address}/session`))
  server.on('listening', () => console.error(`WebDriver BiDi listening on ws://127.0.0.1:${server.address().port}`))
}
