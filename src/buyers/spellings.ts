/** One way to read a text: as it is, decoded, or reversed. */
export interface Spelling {
  text: string;
  /**
   * The minimum length of a name that counts as found. Decoding text that was never encoded gives noise, which contains
   * two or three letters of a name by chance.
   */
  leastLetters: number;
}

/** The maximum work for one text. */
const MAX_SPELLINGS = 64;

/** How often a text is decoded: text that was encoded twice is still found. */
const MAX_DEPTH = 2;

/**
 * The readings of a text: as it is, unescaped (percent, `\u`, `\x`, HTML), decoded from base64 and hexadecimal, each of
 * them also reversed, and with spaced-out letters joined.
 */
export function spellingsOf(text: string): Spelling[] {
  const found = new Map<string, Spelling>();
  const add = (spelling: Spelling): boolean => {
    if (spelling.text.length < 2 || found.has(spelling.text) || found.size >= MAX_SPELLINGS) return false;
    found.set(spelling.text, spelling);
    return true;
  };
  let level = [text];
  for (let depth = 0; depth <= MAX_DEPTH; depth += 1) {
    const next: string[] = [];
    for (const one of level) {
      if (!add({ text: one, leastLetters: 2 })) continue;
      const backwards = Array.from(one).reverse().join('');
      for (const form of [backwards, closedUp(one), closedUp(backwards)])
        add({ text: form, leastLetters: 3 });
      if (depth === MAX_DEPTH) continue;
      for (const form of [one, backwards]) {
        const { texts, noise } = decoded(form);
        next.push(...texts);
        add({ text: noise.join(' '), leastLetters: 3 });
      }
    }
    level = next;
  }
  return [...found.values()];
}

/** Single letters and digits separated by a few other characters: `Z w e t s c h`, `Z.w.e.t.s.c.h`. */
const SET_APART =
  /(?<![\p{L}\p{M}\d])[\p{L}\d]\p{M}*(?:[^\p{L}\p{M}\d]{1,3}[\p{L}\d]\p{M}*(?![\p{L}\p{M}\d])){2,}/gu;

const closedUp = (text: string): string =>
  text.replace(SET_APART, (run) => run.replace(/[^\p{L}\p{M}\d]+/gu, ''));

/** The results of decoding: complete texts, and the readable pieces of noise. */
interface Decoded {
  texts: string[];
  noise: string[];
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

function decoded(text: string): Decoded {
  const out: Decoded = { texts: [unescaped(text)], noise: [] };
  // UUIDs are the most frequent ids; they could hold hexadecimal, but not base64.
  if (!UUID.test(text)) readBytes(base64Runs(text), 4, 'base64', out);
  readBytes(hexRuns(text), 2, 'hex', out);
  return out;
}

/** Decodes escapes. */
function unescaped(text: string): string {
  if (!/[%\\&]/.test(text)) return text;
  return text
    .replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString())
    .replace(/(?:\\x[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replace(/\\x/gi, ''), 'hex').toString())
    .replace(/\\u\{?([0-9a-f]{4,6})\}?|&#x([0-9a-f]{1,6});/gi, (_, a?: string, b?: string) =>
      character(Number.parseInt(a ?? b ?? '', 16)),
    )
    .replace(/&#(\d{1,7});/g, (_, code: string) => character(Number(code)));
}

const character = (code: number): string => (code <= 0x10ffff ? String.fromCodePoint(code) : ' ');

/** In both alphabets of base64 (RFC 4648, sections 4 and 5). */
const base64Runs = (text: string): string[] => [
  ...new Set([...(text.match(/[a-z0-9+/]{3,}/gi) ?? []), ...(text.match(/[a-z0-9_-]{3,}/gi) ?? [])]),
];

/** Pairs may be separated: `4a 6f`, `4A:6F`, `0x4a,0x6f`. */
const hexRuns = (text: string): string[] =>
  (text.match(/(?:0x)?[0-9a-f](?:[\s:,._-]{0,2}(?:0x)?[0-9a-f]){3,}/gi) ?? []).map((run) =>
    run.replace(/0x|[\s:,._-]/gi, ''),
  );

/**
 * Decodes runs, starting at each offset, because encoded text may begin anywhere in a run. The results of all runs at
 * one offset are joined to one text.
 */
function readBytes(runs: string[], offsets: number, encoding: 'base64' | 'hex', out: Decoded): void {
  for (let offset = 0; offset < offsets; offset += 1) {
    const clean: string[] = [];
    for (const run of runs) {
      const bytes = Buffer.from(run.slice(offset), encoding);
      const text = withoutZeros(bytes.toString('utf8'));
      if (isText(text)) clean.push(text);
      else out.noise.push(...pieces(text, UTF8_PIECE), ...pieces(bytes.toString('latin1'), LATIN1_PIECE));
    }
    out.texts.push(clean.join(' '));
  }
}

/** UTF-16 has a zero byte beside each ASCII letter. */
const withoutZeros = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '') : text);

const isText = (text: string): boolean =>
  text.length >= 2 && !text.includes('\uFFFD') && !/[\p{Cc}\p{Cn}\p{Co}]/u.test(text);

/** Pieces that random bytes seldom contain: text of some length, and in Latin-1 with more ASCII than other letters. */
const UTF8_PIECE = /[^\p{Cc}\uFFFD]{3,}/gu;
const LATIN1_PIECE = /(?:[ -~]{2,}[À-ÿ]?){2,}/g;

const pieces = (text: string, form: RegExp): string[] =>
  text.match(form)?.filter((piece) => piece.length >= 3) ?? [];
