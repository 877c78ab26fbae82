import { availableParallelism } from 'node:os';

/** The machine of a run. */
export interface Machine {
  cpus: number;
  node: string;
}

export const machine = (): Machine => ({ cpus: availableParallelism(), node: process.version });
