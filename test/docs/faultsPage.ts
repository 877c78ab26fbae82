import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'oxfmt';
import { parse } from 'yaml';
import { packageRoot } from '../../src/packageRoot.js';
import { FORGIVEN, HOSTILE } from '../buyers/hostileBuyers.js';
import { PROTECTIONS } from '../faults/protections/list.js';
import { FAULTS } from '../faults/torture/faults.js';
import { PING_HABITS, POST_HABITS } from '../faults/torture/habits.js';
import { INVARIANTS } from '../faults/torture/invariants.js';
import { MANNERS } from '../faults/torture/leads.js';

export const FAULTS_PAGE = 'docs/faults.md';

/** The page's expected text, generated from the tests' data. `npx tsx test/docs/makeFaultsPage.ts` writes it. */
export async function faultsPage(): Promise<string> {
  const { code } = await format(FAULTS_PAGE, text());
  return code;
}

type Rows = (readonly string[])[];

const table = (header: string[], rows: Rows): string =>
  [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n');

/** Writes invisible characters as their code points. */
const cell = (content: string): string =>
  content
    .replaceAll('|', '\\|')
    .replace(
      /\p{C}/gu,
      (one) => `(U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')})`,
    );

interface Described {
  does: string;
  expected: string;
}

const described = (all: Record<string, Described>): Rows =>
  Object.entries(all).map(([name, { does, expected }]) => [`\`${name}\``, does, expected]);

function badRequests(): Rows {
  const source = readFileSync(join(packageRoot, 'test', 'api', 'badRequests.yaml'), 'utf8');
  const sections = parse(source) as Record<string, { name: string; answer: string; fields?: string[] }[]>;
  return Object.entries(sections).flatMap(([section, rows]) =>
    rows.map(({ name, answer, fields = [] }) => [
      section,
      name,
      answer + (fields.length === 0 ? '' : `: ${fields.join(', ')}`),
    ]),
  );
}

function text(): string {
  const forms = Object.values(FAULTS).reduce((sum, fault) => sum + fault.forms.length, 0);
  return `
# Injected faults and expected results

This page is generated from the tests' data; a test fails if it is out of date. [The torture test](torture.md) injects the faults into a running market. \`npm test\` tries the hostile buyers and the malformed requests one by one.

## Faults

${forms} variants in all: every part, every pair of parts, and every connection between a process and a server. Every [invariant](#invariants) must hold under each of them.

${table(['fault', 'does', 'expected'], described(FAULTS))}

## How sources send

${table(['behaviour', 'does', 'expected'], described(MANNERS))}

## How buyers answer a ping

${table(['behaviour', 'does', 'expected'], described(PING_HABITS))}

## How buyers answer a post

Unless stated otherwise, a buyer answers a repeated post as it first decided.

${table(['behaviour', 'does', 'expected'], described(POST_HABITS))}

## Hostile buyers

A hostile buyer loses its own bid and affects nothing else: its contract gets this reason in the round, and other buyers asked at the same time are not delayed.

${table(
  ['the buyer', 'reason', 'detail'],
  [
    ...HOSTILE.map(([how, , reason, detail = '']) => [how, `\`${reason}\``, detail]),
    ...FORGIVEN.map(([how]) => [`its bid has ${how}`, 'a bid', '']),
  ],
)}

## Malformed requests

${table(['about', 'request', 'answer'], badRequests())}

## Invariants

Checked for every lead at the end of every torture test. The numbers refer to the [promises](design.md) that they prove.

${table(
  ['invariant', 'proves'],
  INVARIANTS.map(({ name, of }) => [name, of.join(', ')]),
)}

## Protections

\`npm run protections\` removes each of these lines in turn, in a copy, and checks that the named test fails. It takes half an hour, or less in several runs at once (\`-- --part 1/3\`), so \`npm test\` only checks that each line exists.

${table(
  ['protection', 'without it', 'code', 'test'],
  PROTECTIONS.map(({ name, without, file, test: [, testFile] }) => [name, without, file, testFile]),
)}
`;
}
