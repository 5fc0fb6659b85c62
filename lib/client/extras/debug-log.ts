import type { Extra, ExtraContext } from './extra.js'

/**
 * Takes lines of other parts.
 *
 * @internal
 */
export interface DebugLog extends Extra {
  note (part: string, text: string): void
}

/**
 * Writes a line for each change of state of the parts: `fastify-webrtc-signalling 1234 room1/peer-id call: sent takeConfiguration offer`, with the
 * milliseconds since its start, the room and this peer's id where they are known. A line holds states, numbers and names (of the
 * room, the peer, an error, a notification, a type): no SDP, address, credential, token or message ever gets into one.
 * It is loaded where the log is on, before the adaptor begins, so that no line is missing.
 */
export default function createDebugLog ({ announcer, environment, signalling, media, call, debug }: ExtraContext): DebugLog {
  const start = environment.now()
  let peer = ''
  const line = (part: string, text: string) => {
    debug?.(`fastify-webrtc-signalling ${Math.round(environment.now() - start)} ${signalling.room ?? ''}/${peer} ${part}: ${text}`)
  }

  signalling.on('open', () => line('connection', 'open'))
  signalling.on('reconnecting', ({ code, delay }) => line('connection', `lost ${code}, retry in ${delay} ms`))
  signalling.on('reconnected', () => line('connection', 'back'))
  signalling.on('closed', ({ code }) => line('connection', `closed ${code}`))
  signalling.on('seated', ({ frame, resumed }) => {
    peer = typeof frame.peerId === 'string' ? frame.peerId : ''
    line('join', `${resumed ? 'resumed' : 'seated'}, polite ${frame.polite}, peers ${frame.peers}`)
  })
  signalling.on('unseated', () => line('join', 'unseated'))
  signalling.on('notification', ({ definition }) => line('join', `${definition}`))

  signalling.on('seat', frame => {
    // What an application says to the other side is its own business.
    if (frame.command !== 'peerMessageCommand' && frame.command !== 'pong') line('call', `received ${nameOf(frame)}`)
  })
  call.current.on('say', message => line('call', `sent ${nameOf(message)}`))
  call.current.on('session', session => line('call', session === null ? 'no session' : `session, initiator ${session.initiator}`))
  call.current.on('iceState', state => line('call', `ICE ${state}`))
  call.current.on('tracks', tracks => line('call', `tracks ${tracks.map(({ kind }) => kind)}`))
  call.on('choice', choice => line('call', `offer ${choice}`))

  media.on('changed', () => line('media', `camera ${media.state.camera}, microphone ${media.state.microphone}`))
  announcer.errorListeners.push(name => line('error', name))
  // It listens to the adaptor alone, to the last line of its end.
  return { note: line, close: () => {} }
}

/** What a message of the call is: its command, and the type of the description or candidate in it. */
function nameOf ({ command, type, candidate }: { command: string, type?: unknown, candidate?: unknown }): string {
  return `${command} ${type ?? / typ (\w+)/.exec(`${candidate}`)?.[1] ?? ''}`
}
