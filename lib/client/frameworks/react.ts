import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { WebRTCAdaptor, type Callback, type WebRTCAdaptorOptions } from '../webrtc-adaptor.js'
import { CallStore, NO_CALL, type CallState } from './call-store.js'

export type { CallState } from './call-store.js'

/** Give it to a `<video>` as its `ref`. */
export type VideoRef = (element: HTMLMediaElement | null) => void

/** What `useCall` gives to a component. */
export interface ReactCall extends CallState {
  /** The adaptor, for everything else that it can do; `null` on a server and until the component is mounted. */
  readonly adaptor: WebRTCAdaptor | null
  /** The `ref` of the video that shows this side's own picture. It mutes that video. */
  readonly localVideo: VideoRef
  /** The `ref` of the video that shows and plays the other side. */
  readonly remoteVideo: VideoRef
}

/**
 * React's hook for a call: connects while the component is mounted, sits in `room` (in none where it is `null`), and draws the
 * component anew whenever something about the call changes. All of it ends when the component goes.
 *
 * Another `room` or `token` leaves and joins; another `websocket_url` begins anew. The other options are read once, at the mount,
 * but `callback` and `callbackError`, which may change at each render. A join that is refused is `error`.
 * Where there is no WebRTC, the adaptor's `NotSupportedError` is thrown to the nearest error boundary.
 */
export function useCall (room: string | null, options: WebRTCAdaptorOptions = {}): ReactCall {
  const [store, setStore] = useState<CallStore | null>(null)
  const latest = useRef(options)
  useEffect(() => { latest.current = options })
  const local = useRef<HTMLMediaElement>(null)
  const remote = useRef<HTMLMediaElement>(null)

  const { websocket_url: url, token } = options
  useEffect(() => {
    const made = new CallStore(new WebRTCAdaptor({
      ...latest.current,
      localVideoElement: () => local.current,
      remoteVideoElement: () => remote.current,
      callback: ((info: unknown, obj: unknown) => (latest.current.callback as Tell | undefined)?.(info, obj)) as Callback,
      callbackError: (name, error) => latest.current.callbackError?.(name, error)
    }))
    setStore(made)
    return () => {
      setStore(null)
      made.close()
    }
  }, [url])
  useEffect(() => {
    if (store === null || room === null) return
    void store.adaptor.join(room, token ?? null)
    return () => { void store.adaptor.leave() }
  }, [store, room, token])

  const state = useSyncExternalStore(store?.subscribe ?? noStore, () => store?.state ?? NO_CALL, () => NO_CALL)
  return {
    ...state,
    adaptor: store?.adaptor ?? null,
    localVideo: useVideo(local, state.localStream, true),
    remoteVideo: useVideo(remote, state.remoteStream, false)
  }
}

type Tell = (info: unknown, obj: unknown) => void

const noStore = (): () => void => () => {}

/** A `ref` that shows the stream in an element that is mounted after it came. The SDK shows what comes later. */
function useVideo (shown: { current: HTMLMediaElement | null }, stream: MediaStream | null, muted: boolean): VideoRef {
  return useCallback((element: HTMLMediaElement | null) => {
    shown.current = element
    if (element === null) return
    // React does not write the attribute `muted` into the page, and a preview that is heard howls.
    if (muted) element.muted = true
    if (element.srcObject === stream) return
    element.srcObject = stream
    // Refused where the page may not play sound before the person has clicked; the element's controls still start it.
    element.play().catch(() => {})
  }, [shown, stream, muted])
}
