import { createHash, createHmac, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

// As much of STUN (RFC 8489) and TURN (RFC 8656) over UDP as it takes to ask a server on loopback whether it would
// relay for someone, and to be told why not.

const MAGIC_COOKIE = 0x2112A442
const HEADER = 20
const METHOD = { binding: 0x001, allocate: 0x003, refresh: 0x004 } as const
const CLASS_BITS = 0x0110
const SUCCESS = 0x0100
const ATTRIBUTE = {
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  lifetime: 0x000D,
  xorRelayedAddress: 0x0016,
  requestedTransport: 0x0019,
  realm: 0x0014,
  nonce: 0x0015
} as const
const UDP = Buffer.from([17, 0, 0, 0])
/** Between two sendings of one request, in ms. RFC 8489 section 6.2.1 says 500, for networks longer than loopback. */
const RETRANSMIT = 100

type Attributes = Map<number, Buffer>
type Address = { address: string, port: number }

export interface Allocation {
  relayed: Address
  /** In seconds. */
  lifetime: number
}

/** The server's answer was an error (RFC 8489 section 14.8). */
export class StunError extends Error {
  override name = 'StunError'
  constructor (readonly code: number, reason: string) {
    super(`${code} ${reason}`)
  }
}

/** Asks without credentials, again and again, whether a STUN server is there, until it answers or `until` aborts. */
export async function binding (port: number, until: AbortSignal): Promise<void> {
  await withServer(port, until, ask => ask(METHOD.binding, []))
}

/**
 * Takes an allocation with the long-term credential mechanism (RFC 8489 section 9.2) and gives it back.
 * Rejects with a StunError where the server refuses, and where it has not answered within ten seconds.
 */
export async function allocate (port: number, { username, credential }: { username: string, credential: string }): Promise<Allocation> {
  return await withServer(port, AbortSignal.timeout(10_000), async ask => {
    const transport: [number, Buffer] = [ATTRIBUTE.requestedTransport, UDP]
    // The first request goes without credentials; its refusal says which realm, and with which nonce.
    const challenge = await ask(METHOD.allocate, [transport]).then(
      () => { throw new Error('The server allocates for everyone: it asked for no credentials.') },
      (error: unknown) => {
        if (error instanceof Refusal && error.code === 401) return error.attributes
        throw error
      })
    const realm = need(challenge, ATTRIBUTE.realm)
    const login: Array<[number, Buffer]> = [
      [ATTRIBUTE.username, Buffer.from(username)], [ATTRIBUTE.realm, realm], [ATTRIBUTE.nonce, need(challenge, ATTRIBUTE.nonce)]
    ]
    const key = createHash('md5').update(`${username}:${realm.toString()}:${credential}`).digest()
    const answer = await ask(METHOD.allocate, [transport, ...login], key)
    const lifetime = need(answer, ATTRIBUTE.lifetime).readUInt32BE()
    await ask(METHOD.refresh, [[ATTRIBUTE.lifetime, Buffer.alloc(4)], ...login], key)
    return { relayed: readAddress(need(answer, ATTRIBUTE.xorRelayedAddress)), lifetime }
  })
}

class Refusal extends StunError {
  constructor (code: number, reason: string, readonly attributes: Attributes) {
    super(code, reason)
  }
}

type Ask = (method: number, attributes: Array<[number, Buffer]>, key?: Buffer) => Promise<Attributes>

async function withServer<T> (port: number, until: AbortSignal, talk: (ask: Ask) => Promise<T>): Promise<T> {
  const socket = createSocket('udp4')
  try {
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return await talk(async (method, attributes, key) => {
      const request = encode(method, attributes, key)
      const send = () => socket.send(request, port, '127.0.0.1')
      const retransmit = setInterval(send, RETRANSMIT)
      try {
        send()
        for (;;) {
          const [response] = await once(socket, 'message', { signal: until }) as [Buffer]
          if (response.subarray(4, HEADER).equals(request.subarray(4, HEADER))) return decode(response)
        }
      } catch (error) {
        throw until.aborted ? new Error(`No STUN answer from 127.0.0.1:${port} in time.`) : error
      } finally {
        clearInterval(retransmit)
      }
    })
  } finally {
    socket.close()
  }
}

function encode (method: number, attributes: Array<[number, Buffer]>, key?: Buffer): Buffer {
  const header = Buffer.alloc(HEADER)
  header.writeUInt16BE(method)
  header.writeUInt32BE(MAGIC_COOKIE, 4)
  randomBytes(12).copy(header, 8)
  const message = Buffer.concat([header, ...attributes.map(encodeAttribute)])
  if (key === undefined) {
    message.writeUInt16BE(message.length - HEADER, 2)
    return message
  }
  // The HMAC covers a length that already counts its own attribute of 24 bytes (RFC 8489 section 14.5).
  message.writeUInt16BE(message.length - HEADER + 24, 2)
  const hmac = createHmac('sha1', key).update(message).digest()
  return Buffer.concat([message, encodeAttribute([ATTRIBUTE.messageIntegrity, hmac])])
}

function encodeAttribute ([type, value]: [number, Buffer]): Buffer {
  const attribute = Buffer.alloc(4 + padded(value.length))
  attribute.writeUInt16BE(type)
  attribute.writeUInt16BE(value.length, 2)
  value.copy(attribute, 4)
  return attribute
}

function decode (message: Buffer): Attributes {
  const attributes: Attributes = new Map()
  for (let at = HEADER; at + 4 <= message.length;) {
    const length = message.readUInt16BE(at + 2)
    attributes.set(message.readUInt16BE(at), message.subarray(at + 4, at + 4 + length))
    at += 4 + padded(length)
  }
  if ((message.readUInt16BE() & CLASS_BITS) === SUCCESS) return attributes
  const error = need(attributes, ATTRIBUTE.errorCode)
  throw new Refusal((error.readUInt8(2) & 7) * 100 + error.readUInt8(3), error.subarray(4).toString(), attributes)
}

function need (attributes: Attributes, type: number): Buffer {
  const value = attributes.get(type)
  if (value === undefined) throw new Error(`The STUN answer lacks the attribute 0x${type.toString(16).padStart(4, '0')}.`)
  return value
}

function readAddress (value: Buffer): Address {
  const address = value.readUInt32BE(4) ^ MAGIC_COOKIE
  return {
    address: [24, 16, 8, 0].map(shift => address >>> shift & 255).join('.'),
    port: value.readUInt16BE(2) ^ MAGIC_COOKIE >>> 16
  }
}

function padded (length: number): number {
  return Math.ceil(length / 4) * 4
}
