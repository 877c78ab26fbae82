import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { LocalStackError } from './localStackError.js';
import { packageRoot } from '../../packageRoot.js';

const reaper = join(packageRoot, 'src', 'local', 'processes', 'reaper.mjs');
/** How long a part may take to end by itself before it is killed, ms. */
const GRACE_MS = 20_000;
/** How often a part that is ending is woken up, ms. */
const WAKE_UP_MS = 50;

export interface Part {
  name: string;
  /** Whether the other parts need it, so that it ends after them. */
  server: boolean;
  pid: number;
  child: ChildProcess;
  /** The file that holds what it printed, and what those before it in the same run printed. */
  log: string;
  /** Resolves when it has ended, with the exit code or signal in words. */
  ended: Promise<string>;
  /** It was asked to end so that its supervisor starts it again: not a crash. */
  isRestarting?: boolean;
  wakeUp?: Command['wakeUp'];
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
  /** For a program that notices SIGTERM late: called again and again after SIGTERM until the part has ended. */
  wakeUp?: () => void;
  /** Prints where we print, instead of into its log. */
  output?: 'inherit';
}

/** Cleanup after a stack whose own process was killed. */
export interface LastWill {
  /** Files that say that the stack runs; removed when its parts have ended. */
  signs: string[];
  /** Called with the process that does so. */
  executor: (pid: number) => void;
}

/**
 * The child processes of one stack. Each is the leader of a process group of its own, so that Ctrl-C in a terminal
 * reaches only us and the parts end in order; a reaper ends them should we be killed.
 */
export class Processes {
  readonly parts: Part[] = [];
  /** Resolves with the first reason for which the stack can't go on. */
  readonly failure: Promise<LocalStackError>;
  #fail: (reason: LocalStackError) => void = () => undefined;
  #reaper: ChildProcess | undefined;
  #stopping: Promise<void> | undefined;
  /** The logs that belong to this run already. */
  readonly #logs = new Set<string>();

  /**
   * @param logs directory of the parts' logs, one file each; that of the previous run is kept as `NAME.log.1`
   * @param will beside ending the parts, if we are killed
   */
  constructor(
    private readonly logs: string,
    private readonly will: LastWill = { signs: [], executor: () => undefined },
  ) {
    this.failure = new Promise((resolve) => (this.#fail = resolve));
  }

  /** Whether the parts are being ended, or have been. */
  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** Reports why the stack can't go on; of a stack that is ending nothing is a failure. */
  fail(reason: LocalStackError): void {
    if (!this.isStopping) this.#fail(reason);
  }

  /**
   * Starts a part.
   * @throws LocalStackError when its program can't be run at all, or the stack is ending already
   */
  start(command: Command): Part {
    if (this.isStopping) throw new LocalStackError(`${command.name} was not started: the stack is ending.`);
    mkdirSync(this.logs, { recursive: true });
    const log = join(this.logs, `${command.name}.log`);
    if (!this.#logs.has(log) && existsSync(log)) renameSync(log, `${log}.1`);
    this.#logs.add(log);
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
    const { name, server = false, wakeUp } = command;
    const part: Part = { name, server, pid, child, log, ended, wakeUp };
    this.#watch(part);
    void ended.then(() => this.#hasEnded(part));
    this.parts.push(part);
    return part;
  }

  /** Ends every part, the last started first and the servers last, each one given time to end by itself. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    for (const part of this.parts.toReversed()) if (!part.server) await this.end(part);
    await Promise.all(this.parts.filter(({ server }) => server).map((part) => this.end(part)));
    await this.#dismissReaper();
  }

  /** Ends one part, which is given time to end by itself. */
  async end(part: Part): Promise<void> {
    signalGroup(part.pid, 'SIGTERM');
    const timer = setTimeout(() => signalGroup(part.pid, 'SIGKILL'), GRACE_MS);
    const waking = setInterval(() => part.wakeUp?.(), WAKE_UP_MS);
    await part.ended;
    clearInterval(waking);
    clearTimeout(timer);
  }

  /** Ends one part for its supervisor (supervise.ts) to start it again at once. */
  async restart(name: string): Promise<void> {
    const part = this.parts.find((one) => one.name === name);
    if (part === undefined) return;
    part.isRestarting = true;
    await this.end(part);
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
      this.fail(new LocalStackError('The process that watches over the stack has ended.'));
    });
    return child;
  }

  #hasEnded(part: Part): void {
    // What the part itself had started and left, such as the test servers of a test run that failed.
    signalGroup(part.pid, 'SIGKILL');
    this.parts.splice(this.parts.indexOf(part), 1);
  }

  async #dismissReaper(): Promise<void> {
    const child = this.#reaper;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.stdin?.end();
    await gone;
  }
}

/** How a part ended by itself, with the last lines of its log. */
export const deathOf = (part: Part, how: string): LocalStackError =>
  withLog(part, `${part.name} has ended (${how})`);

/** An error about a part, with the last lines of its log. */
export function withLog({ log }: Part, what: string): LocalStackError {
  const lines = lastLines(log).map((line) => `  ${line}`);
  return new LocalStackError(
    lines.length === 0
      ? `${what}, and printed nothing.`
      : `${what}.\nThe last lines of ${log}:\n${lines.join('\n')}`,
  );
}

const LINES_SHOWN = 8;
/** How much of the end of a log is read, bytes; more than the lines that are shown. */
const READ_AT_MOST = 16 * 1024;

/** None when the log was removed meanwhile. */
function lastLines(path: string): string[] {
  if (!existsSync(path)) return [];
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, READ_AT_MOST));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    const text = buffer.toString('utf8').trimEnd();
    return text === '' ? [] : text.split('\n').slice(-LINES_SHOWN);
  } finally {
    closeSync(file);
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended already.
  }
}
