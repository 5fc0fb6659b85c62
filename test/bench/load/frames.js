// WebSocket frames (RFC 6455, section 5.2) made ahead of time, so that sending one costs a write and nothing else.

/** One masked text frame. The mask is zero: allowed on the wire, and the bytes stay as they are. */
export function frame (text) {
  const body = Buffer.from(text)
  const length = body.length
  const head = length < 126 ? 6 : length < 65_536 ? 8 : 14
  const bytes = Buffer.alloc(head + length)
  bytes[0] = 0x81
  if (length < 126) bytes[1] = 0x80 | length
  else if (length < 65_536) {
    bytes[1] = 0x80 | 126
    bytes.writeUInt16BE(length, 2)
  } else {
    bytes[1] = 0x80 | 127
    bytes.writeBigUInt64BE(BigInt(length), 2)
  }
  body.copy(bytes, head)
  return bytes
}

/** A close frame with code 1000. */
export const CLOSE = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])

/** The answer to a ping: a pong with the same payload (RFC 6455, section 5.5.3), by which a server knows which of its pings was answered. */
export function pong (payload) {
  return Buffer.concat([Buffer.from([0x8a, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}

const CANDIDATE = 'candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 192.0.2.5 rport 46154 generation 0 ufrag 4ZcD network-cost 999'

/** A candidate as a browser's client sends it, about 180 bytes in all. */
export function candidate () {
  return CANDIDATE.slice(0, 96)
}

/** A description of about `bytes` bytes. */
export function sdp (bytes) {
  const lines = ['v=0', 'o=- 4611731400430051336 2 IN IP4 127.0.0.1', 's=-', 't=0 0']
  for (let i = 0, size = 80; size < bytes; i++) {
    const line = `a=rtpmap:${96 + i % 32} VP8/90000 level-asymmetry-allowed=1;packetization-mode=${i}`
    lines.push(line)
    size += line.length + 4
  }
  return lines.join('\r\n')
}
