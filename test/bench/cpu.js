// CPU as the operating system counts it (proc(5)): of one process with all its threads, and of the whole machine.
import { readdirSync, readFileSync } from 'node:fs'

/** The CPU that a process has used, or several together, in microseconds. */
export function readCpu (pid) {
  if (Array.isArray(pid)) return pid.reduce((sum, each) => sum + readCpu(each), 0)
  let nanoseconds = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
    } catch {
      // A thread may end between the two looks.
    }
  }
  return nanoseconds / 1000
}

/** The CPU that all processes of the machine have used, in microseconds. */
export function readMachine () {
  const [, user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].split(/\s+/).map(Number)
  return (user + nice + system + irq + softirq) * 10_000
}
