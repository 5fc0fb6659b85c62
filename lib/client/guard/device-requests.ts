import type { AdaptorError } from '../base/client-errors.js'
import { DEVICES } from '../base/devices.js'
import { mediaError } from '../extras/media-errors.js'
import { queryPermission } from '../extras/permission.js'
import type { ExtraContext } from '../extras/extra.js'
import type { Kind } from '../media/local-track.js'

const KINDS: readonly Kind[] = ['audio', 'video']
/** The names of a refusal by the person or by a policy. */
const REFUSALS: readonly string[] = ['NotAllowedError', 'PermissionDeniedError', 'PermissionDismissedError']

/** Asks for one device after the other where the one request for both has failed with `failure`, and tells what cannot be had. */
export async function askForEach (context: ExtraContext, failure: unknown): Promise<void> {
  const { media, announcer } = context
  const wanted = KINDS.filter(kind => media.constraints[kind] !== false)
  const [only] = wanted
  if (wanted.length === 1 && only !== undefined) return announcer.report(mediaError(context, failure, DEVICES[only]))
  const both = mediaError(context, failure)
  const separable = await separate(context, both)
  const errors: AdaptorError[] = []
  for (const kind of wanted) {
    const error = separable.includes(kind) ? await media.fetch({ [kind]: media.constraints[kind] }) : failure
    if (error !== null) errors.push(error === failure ? both : mediaError(context, error, DEVICES[kind]))
  }
  // Two failures with one reason are one error.
  if (errors.length === 2 && errors[0]?.name === errors[1]?.name) announcer.report(both)
  else for (const error of errors) announcer.report(error)
}

/** The devices to ask for one by one. A person who has just refused both, or closed the prompt, is not asked twice more. */
async function separate ({ environment }: ExtraContext, { name }: AdaptorError): Promise<readonly Kind[]> {
  if (environment.mediaDevices === undefined) return []
  if (!REFUSALS.includes(name)) return KINDS
  const [audio, video] = await Promise.all(KINDS.map(kind => queryPermission(environment, DEVICES[kind])))
  // With one device blocked a browser shows no prompt, so the other one can still be asked for.
  return KINDS.filter(kind => {
    const [own, other] = kind === 'audio' ? [audio, video] : [video, audio]
    return own !== 'prompt' || other === 'denied'
  })
}
