import { StrictMode, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { useCall } from 'fastify-webrtc-signalling/react'

/** A call with its two buttons. */
function Call ({ room, onLeave }) {
  const call = useCall(room, { websocket_url: '/WebRTCApp4' })
  const toggleCamera = () => call.cameraOn ? call.adaptor.turnOffLocalCamera() : call.adaptor.turnOnLocalCamera()
  const toggleMic = () => call.micOn ? call.adaptor.muteLocalMic() : call.adaptor.unmuteLocalMic()
  return (
    <main>
      <video ref={call.remoteVideo} id='remoteVideo' autoPlay playsInline width='480' />
      <video ref={call.localVideo} id='localVideo' autoPlay playsInline width='160' />
      <p role='status'>{status(call)}</p>
      <button onClick={toggleCamera} aria-pressed={call.cameraOn}>Camera</button>
      <button onClick={toggleMic} aria-pressed={call.micOn}>Microphone</button>
      <button onClick={onLeave}>Leave</button>
    </main>
  )
}

function status (call) {
  if (call.error !== null) return call.error.message
  if (call.room === null) return 'Joining …'
  if (!call.peerPresent) return 'Waiting for somebody else.'
  if (call.remoteMedia.video === 'off') return 'Their camera is off.'
  return 'You are in a call.'
}

function App () {
  const [room, setRoom] = useState(null)
  if (room !== null) return <Call room={room} onLeave={() => setRoom(null)} />
  const join = event => {
    event.preventDefault()
    setRoom(new FormData(event.currentTarget).get('room'))
  }
  return (
    <form onSubmit={join}>
      <label>Room <input name='room' defaultValue='room1' required /></label>
      <button>Join</button>
    </form>
  )
}

createRoot(document.querySelector('#root')).render(<StrictMode><App /></StrictMode>)
