import { readFileSync } from 'node:fs';

/** Linux reports CPU time in hundredths of a second, independent of the kernel's clock (USER_HZ, times(2)). */
const TICK_MS = 10;

/**
 * CPU time of a process since its start, user and system, over all threads, ms; undefined on systems without /proc. Fields 14 and 15 of /proc/PID/stat (proc_pid_stat(5)); the second field,
 * the name, may contain spaces.
 */
export function cpuMs(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const [user, system] = fields.slice(11, 13).map(Number);
    return user === undefined || system === undefined ? undefined : (user + system) * TICK_MS;
  } catch {
    return undefined;
  }
}

/** CPU time of each process from now until the returned function is called, ms, by name. */
export function cpuFromNow(pids: Record<string, number>): () => Record<string, number> {
  const before = cpuOf(pids);
  return () => {
    const after = cpuOf(pids);
    return Object.fromEntries(
      Object.entries(after).map(([name, ms]) => [name, ms - (before[name] ?? 0)] as const),
    );
  };
}

function cpuOf(pids: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(pids).flatMap(([name, pid]) => {
      const ms = cpuMs(pid);
      return ms === undefined ? [] : [[name, ms] as const];
    }),
  );
}
