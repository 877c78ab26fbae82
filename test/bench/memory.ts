import { readFileSync } from 'node:fs';

/** The memory of a process at one moment: ms since it is watched, MB. */
export interface Sample {
  ms: number;
  mb: number;
}

const LOOK_EVERY_MS = 500;

/** Looks at the memory of a process from now on, until the returned function is called; nothing where the system does not tell. */
export function watchMemory(pid: number): () => Sample[] {
  const began = performance.now();
  const samples: Sample[] = [];
  const look = (): void => {
    const mb = memoryMb(pid);
    if (mb !== undefined) samples.push({ ms: performance.now() - began, mb });
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    look();
    return samples;
  };
}

/** VmRSS of proc_pid_status(5), which is in units of 1024 bytes. */
function memoryMb(pid: number): number | undefined {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}
