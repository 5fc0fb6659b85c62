import t, { type Test } from 'tap'
import { ANT_VERSIONS } from '../helpers/ant-versions.js'
import { launch } from '../helpers/browser.js'
import { inCall } from '../helpers/media.js'
import { heardNoError, PlainPage } from '../helpers/plain-page.js'
import { Proxy } from '../helpers/proxy.js'
import { servePages } from '../helpers/serve-pages.js'
import { start } from '../helpers/start.js'

// A seat that a joiner takes over from one that is dead, and what it means for the one who stays: `stop` and `start` in one burst. With
// six published versions of Ant Media's SDK, in Chromium.

const browser = await launch(t)
const origin = await start(t, await servePages())

const openAnt = async (t: Test, version: string, at = origin): Promise<PlainPage> => PlainPage.open(t, browser, `${at}/WebRTCApp4/ant.html?sdk=${version}`)

for (const version of ANT_VERSIONS) {
  t.test(`Ant Media's SDK ${version} in a call whose other side is dead, and whose seat a third one takes: it is in a call with that one`, async t => {
    const proxy = await Proxy.start(t, origin)
    const [stays, dead] = [await openAnt(t, version), await openAnt(t, version, proxy.origin)]
    await stays.join('displaced')
    await dead.join('displaced')
    await inCall(stays, dead)
    proxy.swallow()
    const comes = await openAnt(t, version)
    await comes.join('displaced')
    await inCall(stays, comes)
    await heardNoError(t, stays, comes)
  })
}
