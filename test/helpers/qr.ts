import decodeQR from 'qr/decode.js'

/** Reads a QR code from its rows of modules, true for dark. */
export function readCode (rows: boolean[][], scale = 6): string {
  const [height, width] = [rows.length * scale, (rows[0]?.length ?? 0) * scale]
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const dark = rows[Math.floor(y / scale)]?.[Math.floor(x / scale)] === true
      data.fill(dark ? 0 : 255, (y * width + x) * 3, (y * width + x + 1) * 3)
    }
  }
  return decodeQR({ width, height, data }, { timeLimit: 10_000 })
}
