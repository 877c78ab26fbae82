import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'oxfmt';
import { parse } from 'yaml';
import { packageRoot } from '../../src/local/packageRoot.js';
import { FORGIVEN, HOSTILE } from '../buyers/hostileBuyers.js';
import { PROTECTIONS } from '../faults/protections/list.js';
import { FAULTS } from '../faults/torture/faults.js';
import { PING_HABITS, POST_HABITS } from '../faults/torture/habits.js';
import { INVARIANTS } from '../faults/torture/invariants.js';
import { MANNERS } from '../faults/torture/leads.js';

export const FAULTS_PAGE = 'docs/faults.md';

/** The page as it must be: made of what the tests run by. `npx tsx test/docs/makeFaultsPage.ts` writes it. */
export async function faultsPage(): Promise<string> {
  const { code } = await format(FAULTS_PAGE, text());
  return code;
}

type Rows = (readonly string[])[];

const table = (header: string[], rows: Rows): string =>
  [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n');

/** What can't be seen is written as its number. */
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
# What is broken, and what must come of it

This page is made from what the tests run by; a test fails where it is not up to date. [The torture](torture.md) plays the faults at a running market; the buyers that do not speak as they should and the requests that went wrong are tried one by one in \`npm test\`.

## Faults

Each in ${forms} forms altogether: of every part, of every two, on every way between a process and a server. Whatever is broken, every [invariant](#invariants) holds.

${table(['fault', 'does', 'expected'], described(FAULTS))}

## How sources send

${table(['manner', 'does', 'expected'], described(MANNERS))}

## How buyers answer a ping

${table(['habit', 'does', 'expected'], described(PING_HABITS))}

## How buyers answer a post

Except where it says so, a buyer that sees a post again answers as it first decided.

${table(['habit', 'does', 'expected'], described(POST_HABITS))}

## Buyers that do not speak as they should

Each costs its own bid and nothing else: its contract has this reason in the round, and another buyer that is asked beside it is as quick as ever.

${table(
  ['the buyer', 'is', 'with'],
  [
    ...HOSTILE.map(([how, , reason, detail = '']) => [how, `\`${reason}\``, detail]),
    ...FORGIVEN.map(([how]) => [`its bid has ${how}`, 'a bid', '']),
  ],
)}

## Requests that went wrong

${table(['about', 'the request', 'is answered'], badRequests())}

## Invariants

Checked at the end of every torture, of every lead. The numbers are those of the [invariants](design.md) that they prove.

${table(
  ['invariant', 'proves'],
  INVARIANTS.map(({ name, of }) => [name, of.join(', ')]),
)}

## What protects them

\`npm run protections\` takes out one of these at a time, in a copy, and sees whether the test that is named for it fails. It takes long, so it is not in \`npm test\`, which only checks that each of them stands where the list says.

${table(
  ['protection', 'without it', 'in', 'told by'],
  PROTECTIONS.map(({ name, without, file, test: [, testFile] }) => [name, without, file, testFile]),
)}
`;
}
