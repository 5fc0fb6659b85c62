import type { Attack, Outcome } from './attack.js'
import * as bombs from './bombs.js'
import * as floods from './floods.js'
import * as frames from './frames.js'
import { Rpc } from './rpc.js'
import * as silence from './silence.js'
import * as tokens from './tokens.js'

// The attackers, in a process of their own.

const attacks: Record<string, Attack> = { ...bombs, ...floods, ...frames, ...silence, ...tokens }
process.once('disconnect', () => process.exit())

const rpc = new Rpc(process, {
  attack: async (name: string, port: number, scale: number): Promise<Outcome> => {
    const attack = attacks[name]
    if (attack === undefined) throw new Error(`no attack ${name}`)
    return await attack({
      port,
      scale,
      advance: async ms => await rpc.call('advance', ms),
      quiet: async rest => await rpc.call('quiet', rest),
      heard: async ({ socket }) => await rpc.call('heard', socket.localPort, socket.bytesWritten),
      kept: async () => await rpc.call('kept')
    })
  }
})
