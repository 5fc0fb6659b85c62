import type { AdaptorError } from '../../base/client-errors.js'
import type { ClientSettings, WebRTCAdaptorOptions } from '../../base/client-options.js'
import type { Environment } from '../../base/environment.js'
import { CheckSteps } from './check-steps.js'
import type { CheckCode, CheckOptions, CheckReport } from './check-types.js'
import { DeviceCheck } from './device-check.js'
import { addressesOf, checkIceServer, isTurn, type IceAddress } from './ice-server-check.js'
import { checkRelayedCall } from './relayed-call-check.js'
import { CheckFailure } from './step-scope.js'
import { WebSocketCheck } from './web-socket-check.js'

/** What this module gets of the SDK. */
export interface CheckContext {
  /** Throws where there is no WebRTC. */
  environment (): Environment
  /** Fills in the options. Throws where one is not valid. */
  settings (options: WebRTCAdaptorOptions, environment: Environment): ClientSettings
  /** The ICE servers that the server's answer names. */
  serversOf (frame: { command: string, [field: string]: unknown }): RTCIceServer[]
  readonly AdaptorError: typeof AdaptorError
}

/** Tries everything that a call with these options needs. Rejects where the signal cancels it. */
export async function check (options: CheckOptions, context: CheckContext): Promise<CheckReport> {
  const steps = new CheckSteps(options, context.AdaptorError)
  const parts = await steps.run({ name: 'browser' }, null, async () => {
    const environment = failing('noWebRTC', () => context.environment())
    return { environment, settings: failing('invalidOption', () => context.settings(options, environment)) }
  })
  if (parts !== null) await checkParts(steps, options, context, parts)
  return steps.report
}

function failing<T> (code: CheckCode, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw new CheckFailure(code, String(error))
  }
}

interface Parts {
  environment: Environment
  settings: ClientSettings
}

async function checkParts (steps: CheckSteps, { roomName: room }: CheckOptions, { serversOf }: CheckContext, { environment, settings }: Parts): Promise<void> {
  await steps.run({ name: 'securePage' }, environment, async () => {
    if (environment.mediaDevices === undefined) throw new CheckFailure('insecurePage')
  })
  const devices = new DeviceCheck(environment, settings.constraints)
  try {
    await Promise.all([
      steps.run({ name: 'camera' }, environment, scope => devices.run(scope, 'video'), about => about),
      steps.run({ name: 'microphone' }, environment, scope => devices.run(scope, 'audio'), about => about)
    ])
  } finally {
    devices.close()
  }
  const { configuration, url, token } = settings
  const given = configuration.iceServers
  const connected = await steps.run({ name: 'webSocket' }, environment, async scope => {
    return await new WebSocketCheck(scope, { url, token, room, serversOf: given === undefined ? serversOf : null }).run()
  }, ({ roundTrip }) => ({ roundTrip }))
  await checkIce(steps, environment, given ?? connected?.iceServers)
}

/** `servers`: none where they are not known. */
async function checkIce (steps: CheckSteps, environment: Environment, servers: RTCIceServer[] | undefined): Promise<void> {
  const addresses = addressesOf(servers ?? [])
  if (addresses.length === 0) {
    await steps.run({ name: 'iceServer' }, environment, async () => {
      throw new CheckFailure(servers === undefined ? 'earlierFailure' : 'noIceServer', '', true)
    })
  }
  const tried = await Promise.all(addresses.map(async server => {
    return await steps.run({ name: 'iceServer', url: server.urls }, environment, async scope => {
      await checkIceServer(scope, server)
      return server
    })
  }))
  const relays = tried.filter((server): server is IceAddress => server !== null && isTurn(server))
  await steps.run({ name: 'relayedCall' }, environment, async scope => {
    if (servers === undefined) throw new CheckFailure('earlierFailure', '', true)
    if (relays.length === 0) throw new CheckFailure(addresses.some(isTurn) ? 'noTurnServerWorks' : 'noTurnServer', '', true)
    return await checkRelayedCall(scope, relays)
  }, figures => figures)
}
