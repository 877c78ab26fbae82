import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi, type MockInstance } from 'vitest';
import type { LeadDetails } from '../../src/operations/leads/leadDetails.js';
import { describeLead } from '../../src/cli/commands/leads/describeLead.js';
import { print, printCsv, printError, printJson, table } from '../../src/terminal/print.js';
import { forTerminal, jsonText, onOneLine, style, escapeControls } from '../../src/terminal/terminal.js';
import { showProgress } from '../../src/terminal/showProgress.js';

/** Control characters: C0 except line break and tab, DEL, C1, bidirectional controls, separators. */
const OBEYED =
  // oxlint-disable-next-line no-control-regex -- matches control characters
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

/** Escapes for the window title, the clipboard, the cursor, a colour, an overwritten line, and reordered letters. */
const HOSTILE = [
  '\u001b]0;owned\u0007',
  '\u001b]52;c;cm0gLXJm\u0007',
  '\u001b[2J\u001b[H',
  '\u009b31m',
  '\u001b[32;1234;5678;9012m',
  'refused\rsold   ',
  '\u202etxt.exe\u202c',
  '\u2066\u200f\u2028',
  '\b\b\b',
  '\u001bP+q\u001b\\',
  '\ud800',
];

const char = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 0xa0 }).map((code) => String.fromCharCode(code)) },
  { weight: 1, arbitrary: fc.constantFrom(...HOSTILE) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) },
);
const hostile = fc.array(char, { maxLength: 12 }).map((parts) => parts.join(''));

describe('Control characters in a text have no effect', () => {
  let out = '';
  let spies: MockInstance[] = [];
  beforeEach(() => {
    out = '';
    const into = (text: string | Uint8Array): boolean => {
      out += String(text);
      return true;
    };
    spies = [
      vi.spyOn(console, 'log').mockImplementation((text: string) => void into(`${text}\n`)),
      vi.spyOn(console, 'error').mockImplementation((text: string) => void into(`${text}\n`)),
      vi.spyOn(process.stdout, 'write').mockImplementation(into),
      vi.spyOn(process.stderr, 'write').mockImplementation(into),
    ];
  });
  afterEach(() => {
    for (const spy of spies) spy.mockRestore();
  });

  const shows = (show: (text: string) => void) => {
    fc.assert(
      fc.property(hostile, (text) => {
        out = '';
        show(text);
        expect(out).not.toMatch(OBEYED);
      }),
      { numRuns: 500 },
    );
  };

  test('on stdout and stderr', () => {
    shows(print);
    shows(printError);
  });

  test('in a table, without extra lines', () => {
    shows((text) => print(table(['a', text], [[text, [text, 'second line']]])));
    fc.assert(
      fc.property(hostile, (text) => {
        expect(table(['a', 'b'], [[text, 'c']]).split('\n')).toHaveLength(2);
      }),
    );
  });

  test('as JSON, with the same value', () => {
    shows((text) => printJson({ [text]: [text] }));
    fc.assert(
      fc.property(hostile, (text) => {
        expect(JSON.parse(jsonText({ text }, 2))).toEqual(JSON.parse(JSON.stringify({ text })));
      }),
    );
  });

  test('in progress output', () => {
    shows((text) => showProgress().progress(text));
  });

  test('as CSV, with correct line ends', async () => {
    await printCsv('a,b\r\n\u001b[2J,\r,c\r\n');
    expect(out).toBe('a,b\r\n␛[2J,␍,c\r\n');
  });

  test('in the story of a lead', () => {
    shows((text) => print(describeLead(storyWith(text), new Date(0))));
  });

  test('in coloured output, which has only Gavel’s colours', () => {
    const green = style(32, 39);
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = forTerminal(`${green(text)}${table(['a'], [[green(text)]])}`);
        const ours = shown.split(new RegExp(String.raw`\u001b\[(?:32|39)m`));
        expect(ours.length).toBeGreaterThanOrEqual(3);
        expect(ours.join('')).not.toMatch(OBEYED);
      }),
    );
  });
});

test('A table has only Gavel’s colours, and the same width as without them', () => {
  const [green, red] = [style(32, 39), style(31, 39)];
  const rows = [
    [green('sold'), 'x\u001b[31my'],
    ['longer text', red('no')],
  ];
  expect(forTerminal(table(['a', 'b'], rows)).split('\n')).toEqual([
    'a            b',
    '\u001b[32msold\u001b[39m         x␛[31my',
    'longer text  \u001b[31mno\u001b[39m',
  ]);
});

test('Invisible characters are shown as symbols, and all others unchanged', () => {
  expect(escapeControls('\u001b[31mred\u0007 \u0000 \u007f \u009b \u202e')).toBe(
    '␛[31mred␇ ␀ ␡ \\u{9b} \\u{202e}',
  );
  expect(onOneLine('a\n\tb\r\n')).toBe('a␊␉b␍␊');
  expect(escapeControls('Zoë Ünal, 東京, עברית, 👩‍👩‍👧\n\tend')).toBe('Zoë Ünal, 東京, עברית, 👩‍👩‍👧\n\tend');
});

function storyWith(text: string): LeadDetails {
  const at = '2026-11-24T14:33:05.000Z';
  return {
    lead_id: text,
    status: 'sold',
    test: false,
    seller: text,
    seller_name: text,
    category: text,
    state: 'TX',
    key: text,
    source: text,
    withdrawal: { at, by: text },
    received_at: at,
    updated_at: at,
    price: 1,
    currency: 'USD',
    buyer_ids: [text],
    rounds: [
      {
        round: 1,
        at,
        floor: 1,
        contracts: [{ contract: text, buyer: text, outcome: 'refused', detail: text }],
      },
    ],
    posts: [
      {
        contract: text,
        buyer: text,
        post_id: text,
        status: 'accepted',
        price: 1,
        seller_earns: 1,
        round: 1,
        began_at: at,
        buyer_lead_id: text,
        attempts: [{ sent_at: at, ms: 1, outcome: 'accepted', detail: text }],
      },
    ],
    ledger: [{ sale_id: text, account: text, amount: 1, currency: 'USD', at }],
    notifications: [{ at, what: text, whom: text, delivered: false, ms: 1, detail: text }],
    fields: { [text]: text },
    erased: { at, by: text },
  } as unknown as LeadDetails;
}
