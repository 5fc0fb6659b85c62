import type { Device } from '../base/client-errors.js'
import type { Environment } from '../base/environment.js'

/** Queries whether the page may use a device. Resolves with undefined if the browser does not tell (W3C Permissions, section 6). */
export async function queryPermission (environment: Environment, device: Device): Promise<PermissionState | undefined> {
  if (environment.permission !== undefined) return environment.permission(device)
  try {
    return (await globalThis.navigator.permissions.query({ name: device as PermissionName })).state
  } catch {
    // Older browsers have no such query, or not for these devices.
    return undefined
  }
}
