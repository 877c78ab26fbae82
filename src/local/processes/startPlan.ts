import { LocalStackError } from './localStackError.js';
import { isFree } from '../servers/ports.js';
import { deathOf, type Command, type Part, type Processes } from './processes.js';

/** How a part of the stack is started: the first time, and again after each crash. */
export interface Plan {
  command: Command;
  /** Ports that it listens on; one that another program has taken is named in the error. */
  ports?: readonly number[];
  /** Resolves when the part that was just started does its work; rejects when it ends instead. */
  ready: (part: Part) => Promise<void>;
}

/** Starts a part; resolves when it is ready. */
export type Start = (plan: Plan) => Promise<void>;

/**
 * Starts a part once. It is ended again when it does not become ready.
 * @throws LocalStackError when it can't be started; the message has the last lines of its log
 */
export async function begin(processes: Processes, { command, ports = [], ready }: Plan): Promise<Part> {
  for (const port of ports) {
    if (!(await isFree(port)))
      throw new LocalStackError(`${command.name} was not started: port ${port} is taken by another program.`);
  }
  const part = processes.start(command);
  try {
    await ready(part);
    return part;
  } catch (error) {
    await processes.end(part);
    throw error;
  }
}

/** Starts parts whose end, if it comes by itself, is a failure of the whole. */
export const startOnce =
  (processes: Processes): Start =>
  async (plan) => {
    const part = await begin(processes, plan);
    void part.ended.then((how) => processes.fail(deathOf(part, how)));
  };
