import type { Packages } from './python.js';
import type { Plan } from '../processes/startPlan.js';

export type ServerName = 'mongodb' | 'redis' | 'temporal';
export type PortName = ServerName | 'temporalUi';

/** Where the servers of a stack answer: values of the settings of the same names. */
export interface ServerAddresses {
  MONGODB_URL?: string;
  REDIS_URL?: string;
  TEMPORAL_ADDRESS?: string;
  /** Of Temporal's web pages; only known when we started it. */
  TEMPORAL_UI_URL?: string;
}

/** The program of a server: found on PATH, or in the installed packages. */
export type Program = { binary: string } | { packages: Packages };

export interface LocalServerContext {
  /** Where the server keeps its files. */
  dir: string;
  ports: Record<PortName, number>;
  program: Program;
}

/** A server that can be provided on this machine. */
export interface LocalServer {
  name: ServerName;
  /** The setting whose address is used instead, if it is set. */
  setting: 'MONGODB_URL' | 'REDIS_URL' | 'TEMPORAL_ADDRESS';
  /** Names of its program on PATH, the best first. */
  binaries: readonly string[];
  plan(context: LocalServerContext): { plan: Plan; addresses: ServerAddresses };
}
