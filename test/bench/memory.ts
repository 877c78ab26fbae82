import { readFileSync } from 'node:fs';

/** A memory sample of a process: ms since the start of sampling, MB. */
export interface Sample {
  ms: number;
  mb: number;
}

const LOOK_EVERY_MS = 500;

/** Samples the memory of a process until the returned function is called; no samples on systems without /proc. */
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
