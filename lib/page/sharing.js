// The button that shares the screen, and whether the camera stays in a corner of it.

import { find } from './elements.js'

/** `sharing` says whether the screen is shared; `tell` takes an event into the page's state. */
export function offerScreen (adaptor, sharing, tell, kept, remember) {
  const withCamera = find('withCamera')
  withCamera.checked = kept.withCamera !== false
  find('withCameraRow').hidden = navigator.mediaDevices?.getDisplayMedia === undefined

  const change = async on => {
    tell({ type: 'switching', device: 'screen', on })
    const method = !on ? 'stopDesktopCapture' : withCamera.checked ? 'switchDesktopCaptureWithCamera' : 'switchDesktopCapture'
    // What goes wrong is told as an error.
    await adaptor()[method]().catch(() => {})
    tell({ type: 'switched', device: 'screen' })
  }
  find('screen').addEventListener('click', () => { void change(!sharing()) })
  withCamera.addEventListener('change', () => {
    remember({ withCamera: withCamera.checked })
    // The same screen in the other way, which nobody is asked for.
    if (sharing()) void change(true)
  })
}
