import type { Test } from 'tap'
import { capturing, inCall, receives } from './media.js'
import type { PeerPage } from './peer-page.js'

/** Switches the camera of `near` off and on again in a call, and looks at what becomes of it here and at the other side. */
export async function cameraOffAndOn (t: Test, near: PeerPage, far: PeerPage): Promise<void> {
  await near.press('Camera', 'off')
  t.equal(await capturing(near.page, 'video'), 0, 'the light of the camera is out')
  await far.page.getByText('Their camera is off').waitFor()
  await receives(far.page, 'sound only')
  await near.press('Camera', 'on')
  await far.page.getByText('Their camera is off').waitFor({ state: 'hidden' })
  await inCall(near, far)
}
