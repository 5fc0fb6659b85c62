import type { Page } from 'playwright-core'

// What the other's picture shows, by its colours: a screen that is shared is blue, and a camera is not.

/** Waits until the other's picture is blue in the middle, and blue or not in the upper right corner. */
export async function isBlue (page: Page, corner: boolean): Promise<void> {
  await page.waitForFunction(corner => {
    const video = document.querySelector<HTMLVideoElement>('#remoteVideo')
    if (video == null || video.videoWidth === 0) return false
    const canvas = new OffscreenCanvas(100, 100)
    const context = canvas.getContext('2d')
    context?.drawImage(video, 0, 0, 100, 100)
    const blue = (x: number, y: number): boolean => {
      const [red = 0, green = 0, blue = 0] = context?.getImageData(x, y, 1, 1).data ?? []
      return blue > 180 && red < 80 && green < 80
    }
    return blue(50, 60) && blue(92, 8) === corner
  }, corner)
}

/** Waits until the other's picture is not blue in the middle, and so the camera's again. */
export async function isCamera (page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const video = document.querySelector<HTMLVideoElement>('#remoteVideo')
    if (video == null || video.videoWidth === 0) return false
    const context = new OffscreenCanvas(100, 100).getContext('2d')
    context?.drawImage(video, 0, 0, 100, 100)
    const [red = 0, green = 0, blue = 0, alpha = 0] = context?.getImageData(50, 60, 1, 1).data ?? []
    return alpha > 0 && !(blue > 180 && red < 80 && green < 80)
  })
}

/**
 * Has a page share a blue picture where somebody shares a screen. A browser without a display has no screen, and Firefox lets no
 * test choose what is shared instead.
 */
export async function giveScreen (page: Page): Promise<void> {
  await page.evaluate(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 400 })
    const context = canvas.getContext('2d')
    const draw = (): void => {
      if (context === null) return
      context.fillStyle = '#00f'
      context.fillRect(0, 0, 640, 400)
      requestAnimationFrame(draw)
    }
    draw()
    navigator.mediaDevices.getDisplayMedia = async () => canvas.captureStream()
  })
}
