import type { Test } from 'tap'
import { event, SignallingClient, type Message } from './signalling-client.js'
import { startServer, type SignallingServer } from './signalling-server.js'

const { connect } = SignallingClient

/** A message of the other side, as a frame. */
export const said = (data: unknown) => JSON.stringify({ command: 'peerMessageCommand', streamId: 'room1', definition: 'chat', data })
export const count = (n: number) => Array.from({ length: n }, (_, i) => said(i))

export interface Scene extends SignallingServer {
  /** Can resume, and sat there first. */
  ours: SignallingClient
  /** Knows nothing of resumption. */
  other: SignallingClient
  joined: Message
}

/** A call between one that can resume and one that cannot. */
export async function scene (t: Test, options: Parameters<typeof startServer>[1] = {}): Promise<Scene> {
  const server = await startServer(t, options)
  const ours = await connect(t, server.address)
  const other = await connect(t, server.address)
  const joined = await ours.join('room1', { resume: true })
  await other.join('room1')
  await ours.hears('start')
  return { ...server, ours, other, joined }
}

/** Cuts a connection without a close frame, and waits until the server knows. */
export async function cut ({ app }: SignallingServer, client: SignallingClient): Promise<void> {
  const absent = event(app, 'absent')
  client.raw.destroy()
  await absent
}

/** Comes back on a new connection; what is heard behind `joined` is left to read. */
export async function back (t: Test, { address }: SignallingServer, fields: Record<string, unknown>): Promise<{ client: SignallingClient, joined: Message }> {
  const client = await connect(t, address)
  return { client, joined: await client.join('room1', { resume: true, ...fields }) }
}
