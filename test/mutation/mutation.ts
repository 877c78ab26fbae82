import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Stryker } from '@stryker-mutator/core';
import { Command } from 'commander';
import { cellsOf, HEADER, inAll, reportOf, scoreOf, withTables, type FileReport } from './report.js';
import { optionsFor, REPORT } from './options.js';

/** The least share of mutants that the tests of the market must kill, percent. */
const LEAST = 92;
const PAGE = 'docs/mutation.md';

/** `npm run mutation` */
const program = new Command('mutation')
  .description('change src/market one expression at a time, and see whether a test of test/market fails')
  .argument('[paths...]', 'files or folders of src/market; without any, all of it')
  .option('--write', `write the rows of these files and the list of equivalent mutants to ${PAGE}`)
  .action(run);

async function run(paths: string[], { write = false }: { write?: boolean }): Promise<void> {
  const missing = paths.find((path) => !existsSync(path));
  if (missing !== undefined) program.error(`${missing} does not exist. Name a file or folder of src/market.`);
  const patterns = (paths.length > 0 ? paths : ['src/market']).map(patternOf);
  const { files, stale } = reportOf(await new Stryker(optionsFor(patterns)).runMutationTest());
  for (const { path, survived } of files) {
    for (const { line, mutant } of survived) console.log(`${path}:${line}: ${mutant}`);
  }
  for (const one of stale) console.log(`Not needed in equivalent.yaml: ${one}`);
  console.log(table(files));
  if (write) writePage(files);
  const score = scoreOf(inAll(files));
  console.log(`${score.toFixed(1)} % of the mutants killed, ${LEAST} % wanted. In the code: ${REPORT}`);
  process.exitCode = score < LEAST ? 1 : 0;
}

const patternOf = (path: string): string =>
  statSync(path).isDirectory() ? `${path.replace(/\/$/, '')}/**/*.ts` : path;

function table(files: readonly FileReport[]): string {
  const rows = [HEADER, ...files.map((file) => cellsOf(file.path, file)), cellsOf('in all', inAll(files))];
  const width = Math.max(...rows.map(([path = '']) => path.length));
  return rows
    .map(([path = '', ...numbers]) => path.padEnd(width) + numbers.map((one) => one.padStart(12)).join(''))
    .join('\n');
}

/** The page is formatted again. */
function writePage(files: readonly FileReport[]): void {
  writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8'), files));
  execFileSync(process.execPath, ['node_modules/oxfmt/bin/oxfmt', PAGE], { stdio: 'inherit' });
}

await program.parseAsync();
