/** W3C WebRTC 1.0, section 4.4.1.6, "set a configuration": what no browser takes for a server. */
export function checkServers ({ iceServers = [] }: RTCConfiguration): void {
  for (const server of iceServers as Array<Partial<RTCIceServer> | null>) {
    if (server?.urls === undefined) throw new TypeError('urls is required')
    for (const url of [server.urls].flat()) {
      if (!/^(stuns?|turns?):./.test(url)) throw new DOMException(`${url} is no address`, 'SyntaxError')
      if (/^turn/.test(url) && (server.username === undefined || server.credential === undefined)) {
        throw new DOMException('Both username and credential are required', 'InvalidAccessError')
      }
    }
  }
}
