import t from 'tap'
import { launch, visit } from '../helpers/browser.js'
import { startServer } from '../helpers/signalling-server.js'

const browser = await launch(t)

// iOS's SDK makes no new peer connection at `start`: it offers from the one that it has. Where the server withholds `stop`, since that
// would end iOS for good, this must do. Chromium and iOS's SDK have the same WebRTC library.
t.test('A peer connection whose other side is gone offers to a fresh one: they connect, and what one sends arrives', async t => {
  const { http } = await startServer(t)
  const page = await visit(t, browser, `${http}/app`, { expected: [/426|Failed to load/] })
  const heard = await page.evaluate(async () => {
    const wire = (from: RTCPeerConnection, to: RTCPeerConnection) => {
      from.onicecandidate = ({ candidate }) => { if (candidate !== null) waiting.push(async () => to.addIceCandidate(candidate)) }
    }
    const waiting: Array<() => Promise<void>> = []
    const describe = async (from: RTCPeerConnection, to: RTCPeerConnection) => {
      const offer = await from.createOffer()
      await from.setLocalDescription(offer)
      await to.setRemoteDescription(offer)
      await to.setLocalDescription(await to.createAnswer())
      await from.setRemoteDescription(to.localDescription as RTCSessionDescription)
    }
    const arrives = async (from: RTCPeerConnection, to: RTCPeerConnection, channel: RTCDataChannel) => new Promise<string>((resolve, reject) => {
      const pump = setInterval(() => {
        for (const add of waiting.splice(0)) void add().catch(() => {})
        if (channel.readyState === 'open') channel.send('hello')
        if (from.connectionState === 'failed' || to.connectionState === 'failed') reject(new Error('failed'))
      }, 20)
      to.ondatachannel = event => {
        event.channel.onmessage = ({ data }) => {
          clearInterval(pump)
          resolve(`${from.connectionState} ${to.connectionState} ${String(data)}`)
        }
      }
    })
    const [kept, gone, fresh] = [new RTCPeerConnection(), new RTCPeerConnection(), new RTCPeerConnection()]
    kept.addTransceiver('audio')
    kept.addTransceiver('video')
    wire(kept, gone)
    wire(gone, kept)
    const first = arrives(kept, gone, kept.createDataChannel('one'))
    await describe(kept, gone)
    await first
    gone.close()
    wire(kept, fresh)
    wire(fresh, kept)
    const second = arrives(kept, fresh, kept.createDataChannel('two'))
    await describe(kept, fresh)
    return second
  })
  t.equal(heard, 'connected connected hello')
})
