import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** A process whose use of the machine is measured. */
export interface Watched {
  name: string;
  pid: number;
}

/** The machine of a run. */
export interface Machine {
  cpus: number;
  node: string;
}

export const machine = (): Machine => ({ cpus: availableParallelism(), node: process.version });

/** Linux reports CPU time in hundredths of a second, independent of the kernel's clock (USER_HZ, times(2)). */
const TICK_MS = 10;

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/**
 * CPU time of a process since its start, user and system, over all threads, ms; 0 on systems without /proc. Fields 14
 * and 15 of /proc/PID/stat (proc_pid_stat(5)); the second field, the name, may contain spaces.
 */
function cpuMs(pid: number): number {
  const fields = read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS;
}

/** CPU time of the whole machine since its start, without idle time, ms: the first line of /proc/stat (proc_stat(5)). */
function machineMs(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (read('/proc/stat').split('\n')[0] ?? '')
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) * TICK_MS;
}

/** CPU time of a while, ms. */
export interface Cpu {
  /** By the name of the process. */
  processes: Record<string, number>;
  /** All other programs of the machine. */
  others: number;
}

/** CPU time from now until the returned function is called. */
export function cpuFromNow(watched: readonly Watched[]): () => Cpu {
  const now = () => ({ machine: machineMs(), each: watched.map(({ pid }) => cpuMs(pid)) });
  const before = now();
  return () => {
    const after = now();
    const used = watched.map((_, i) => (after.each[i] ?? 0) - (before.each[i] ?? 0));
    const processes: Record<string, number> = {};
    for (const [i, { name }] of watched.entries()) processes[name] = (processes[name] ?? 0) + (used[i] ?? 0);
    const all = used.reduce((sum, ms) => sum + ms, 0);
    return { processes, others: Math.max(0, after.machine - before.machine - all) };
  };
}

/** Memory and open files of some processes together, ms after the start of sampling. */
export interface Sample {
  ms: number;
  mb: number;
  handles: number;
}

/** Samples processes until the returned function is called; no samples on systems without /proc. */
export function sampleUsage(watched: readonly Watched[], everyMs: number): () => Sample[] {
  const began = performance.now();
  const samples: Sample[] = [];
  const look = (): void => {
    const mb = sumOf(watched, memoryMb);
    if (mb > 0) samples.push({ ms: performance.now() - began, mb, handles: sumOf(watched, handlesOf) });
  };
  look();
  const timer = setInterval(look, everyMs);
  return () => {
    clearInterval(timer);
    look();
    return samples;
  };
}

const sumOf = (watched: readonly Watched[], of: (pid: number) => number): number =>
  watched.reduce((sum, { pid }) => sum + of(pid), 0);

/** VmRSS of proc_pid_status(5), which is in units of 1024 bytes. */
const memoryMb = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;

function handlesOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
