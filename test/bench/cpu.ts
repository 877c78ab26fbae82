import { readFileSync } from 'node:fs';

/** Linux counts CPU time for programs in hundredths of a second, whatever the kernel's own clock (USER_HZ, times(2)). */
const TICK_MS = 10;

/**
 * The CPU time that a process has used since it began, all of its threads together, user and system, ms; undefined
 * where the system does not tell (no /proc). Fields 14 and 15 of /proc/PID/stat (proc_pid_stat(5)); the second field,
 * the name, may itself have spaces.
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

/** What each process used from now until the returned function is called, ms, by name. */
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
