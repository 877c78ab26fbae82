import { availableParallelism } from 'node:os';

/** What a run was measured on. */
export interface Machine {
  cpus: number;
  node: string;
}

export const machine = (): Machine => ({ cpus: availableParallelism(), node: process.version });
