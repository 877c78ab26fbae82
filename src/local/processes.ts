import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { LocalStackError } from './localStackError.js';
import { packageRoot } from './packageRoot.js';

const reaper = join(packageRoot, 'src', 'local', 'reaper.mjs');
/** How long a part may take to end by itself before it is killed, ms. */
const GRACE_MS = 20_000;

/** A running part of the stack. */
export interface Part {
  name: string;
  /** Whether the other parts need it, so that it ends after them. */
  server: boolean;
  pid: number;
  child: ChildProcess;
  /** The file that holds what it printed. */
  log: string;
  /** Resolves, with how it ended in words, when it has ended for whatever reason. */
  ended: Promise<string>;
}

export interface Command {
  name: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Opens a channel for messages (`process.send`). */
  ipc?: boolean;
  /** The other parts need it, so it ends after them. */
  server?: boolean;
  /** Its end is no death: it has something to do, and then it ends. */
  passing?: boolean;
  /** Prints where we print, instead of into its log. */
  output?: 'inherit';
}

/** What is to be done about a stack that was killed itself. */
export interface LastWill {
  /** Files that say that the stack runs, which are taken away once its parts have ended. */
  signs: string[];
  /** Told the process that sees to it. */
  executor: (pid: number) => void;
}

/**
 * The child processes of one stack. Each is the leader of a process group of its own, so that Ctrl-C in a terminal
 * reaches only us and the parts end in order; a reaper ends them should we be killed.
 */
export class Processes {
  readonly parts: Part[] = [];
  /** Resolves with the reason when a part ends that was not told to. */
  readonly death: Promise<LocalStackError>;
  #reportDeath: (reason: LocalStackError) => void = () => undefined;
  #reaper: ChildProcess | undefined;
  #stopping: Promise<void> | undefined;

  /**
   * @param logs directory of the parts' logs, one file each; the one of the run before is kept as `NAME.log.1`
   * @param will beside ending the parts, should we be killed
   */
  constructor(
    private readonly logs: string,
    private readonly will: LastWill = { signs: [], executor: () => undefined },
  ) {
    this.death = new Promise((resolve) => (this.#reportDeath = resolve));
  }

  /**
   * Starts a part.
   * @throws LocalStackError when its program can't be run at all, or the stack is ending already
   */
  start(command: Command): Part {
    if (this.#stopping) throw new LocalStackError(`${command.name} was not started: the stack is ending.`);
    mkdirSync(this.logs, { recursive: true });
    const log = join(this.logs, `${command.name}.log`);
    if (existsSync(log)) renameSync(log, `${log}.1`);
    const file = openSync(log, 'a');
    const output = command.output ?? file;
    const child = spawn(command.command, command.args, {
      detached: true,
      stdio: ['ignore', output, output, ...(command.ipc === true ? (['ipc'] as const) : [])],
      ...(command.env ? { env: command.env } : {}),
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    });
    closeSync(file);
    const { pid } = child;
    child.on('error', () => undefined);
    if (pid === undefined) throw new LocalStackError(`${command.name}: ${command.command} can’t be run.`);
    const ended = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code ?? 0}` : signal));
    });
    const part: Part = { name: command.name, server: command.server === true, pid, child, log, ended };
    this.#watch(part);
    void ended.then((how) => this.#hasEnded(part, how, command.passing === true));
    this.parts.push(part);
    return part;
  }

  /** Ends every part, the last started first and the servers last, each one given time to end by itself. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const servers = this.parts.filter(({ server }) => server);
    for (const part of this.parts.toReversed()) if (!part.server) await endPart(part);
    await Promise.all(servers.map(endPart));
    await this.#dismissReaper();
  }

  /** Ends every part at once, without asking. */
  kill(): void {
    for (const { pid } of this.parts) signalGroup(pid, 'SIGKILL');
  }

  #watch(part: Part): void {
    this.#reaper ??= this.#startReaper();
    const { stdin } = this.#reaper;
    stdin?.write(`+ ${part.pid}\n`);
    void part.ended.then(() => stdin?.write(`- ${part.pid}\n`));
  }

  #startReaper(): ChildProcess {
    const child = spawn(process.execPath, [reaper, ...this.will.signs], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    if (child.pid !== undefined) this.will.executor(child.pid);
    // Writing to a reaper that was killed, or was never there, fails; its own exit is what is reported.
    child.on('error', () => undefined);
    child.stdin.on('error', () => undefined);
    child.once('exit', () => {
      if (!this.#stopping)
        this.#reportDeath(new LocalStackError('The process that watches over the stack has ended.'));
    });
    return child;
  }

  #hasEnded(part: Part, how: string, asPlanned: boolean): void {
    // What the part itself had started and left, such as the test servers of a test run that failed.
    signalGroup(part.pid, 'SIGKILL');
    this.parts.splice(this.parts.indexOf(part), 1);
    if (!this.#stopping && !asPlanned) this.#reportDeath(deathOf(part, how));
  }

  async #dismissReaper(): Promise<void> {
    const child = this.#reaper;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.stdin?.end();
    await gone;
  }
}

/** What to tell of a part that ended unasked. */
export function deathOf(part: Part, how: string): LocalStackError {
  const log = readFileSync(part.log, 'utf8').trimEnd();
  if (log === '') return new LocalStackError(`${part.name} has ended (${how}), and printed nothing.`);
  const lines = log.split('\n').slice(-8);
  return new LocalStackError(
    `${part.name} has ended (${how}). The last lines of ${part.log}:\n${lines.map((line) => `  ${line}`).join('\n')}`,
  );
}

async function endPart(part: Part): Promise<void> {
  signalGroup(part.pid, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(part.pid, 'SIGKILL'), GRACE_MS);
  await part.ended;
  clearTimeout(timer);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone, which is what was wanted.
  }
}
