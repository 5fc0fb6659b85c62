import { deferred } from '../../base/deferred.js'
import type { CheckCode } from './check-types.js'
import { CheckFailure, type StepScope } from './step-scope.js'

/** An address of a STUN or TURN server, with its credentials. */
export interface IceAddress extends RTCIceServer {
  urls: string
}

/** What a TURN server answers (RFC 8656, section 19); the browser says 701 where none came (W3C WebRTC 1.0, RTCPeerConnectionIceErrorEvent). */
const CODES: Record<number, CheckCode> = { 401: 'credentialsRefused', 486: 'iceServerFull', 508: 'iceServerFull', 701: 'iceServerUnreachable' }

export const isTurn = ({ urls }: IceAddress): boolean => /^turns?:/i.test(urls)

/** Every address of every server by itself, so that each is tried alone. */
export function addressesOf (servers: readonly RTCIceServer[]): IceAddress[] {
  return servers.flatMap(server => [server.urls].flat().map(urls => ({ ...server, urls })))
}

/** Has the browser gather by this one server: a TURN server must allocate a relay, a STUN server must answer. */
export async function checkIceServer (scope: StepScope, server: IceAddress): Promise<void> {
  const turn = isTurn(server)
  const gathered = deferred<void>()
  let failure: CheckFailure | null = null
  let connection: RTCPeerConnection
  try {
    connection = scope.connect({ iceServers: [server], iceTransportPolicy: turn ? 'relay' : 'all' })
  } catch (error) {
    throw new CheckFailure('iceServerInvalid', String(error))
  }
  // Firefox has no such event.
  const tells = connection.onicecandidateerror !== undefined
  connection.onicecandidateerror = ({ errorCode, errorText }) => {
    // There is one for each network of this device: what the server answered on one says more than that nothing came on another.
    if (failure !== null && errorCode >= 700) return
    failure = new CheckFailure(CODES[errorCode] ?? (turn ? 'allocationRefused' : 'iceServerUnreachable'), `${errorCode} ${errorText}`.trim())
  }
  connection.onicecandidate = ({ candidate }) => {
    if (candidate?.type === (turn ? 'relay' : 'srflx')) gathered.resolve()
    if (candidate !== null) return
    // A STUN server that tells the browser an address which it knows already leads to no candidate (RFC 8445, section 5.1.3).
    if (failure === null && !turn && tells) gathered.resolve()
    gathered.reject(failure ?? new CheckFailure(turn ? 'iceServerUnreachable' : 'answerUnknown', '', !turn))
  }
  connection.createDataChannel('check')
  await scope.until(connection.createOffer().then(async offer => await connection.setLocalDescription(offer)))
  try {
    await scope.answer(gathered, 'iceServerUnreachable')
  } catch (error) {
    throw error instanceof CheckFailure ? failure ?? error : error
  }
}
