import type { ExtraContext } from '../extras/extra.js'

/** A device that ends sooner than this after its start is not replaced, in ms: the next one would most likely do the same. */
const MIN_LIFE = 1_000

/** Has the default device take the place of one that has ended by itself. */
export function replaceLostDevices ({ environment, media }: ExtraContext): void {
  for (const local of [media.audio, media.video]) {
    local.replaceable = since => {
      if (environment.now() - since < MIN_LIFE) return false
      if (typeof local.constraint === 'object') {
        const { deviceId, groupId, ...others } = local.constraint
        local.constraint = others
      }
      return true
    }
  }
}
