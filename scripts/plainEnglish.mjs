/**
 * Finds phrases that read as invented English in code, tests, docs and messages, and says what to write instead.
 *
 *   node scripts/plainEnglish.mjs             lists each place; exits with 1 if there is one
 *   node scripts/plainEnglish.mjs --counts    counts them by folder and by phrase
 *   node scripts/plainEnglish.mjs docs src    looks under these paths only
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A clause ends here, or a comment or string does. */
const END = String.raw`(?=[ ]*(?:[.,;:!?)"'|\u0060]|\*/|$))`;

/**
 * `find` is a regular expression without regard to case. A space in it also matches the end of a comment's line and the
 * start of the next. `found` and `clean` are examples for test/docs/plainEnglish.test.ts. `allow` names exceptions.
 *
 * @type {{
 *   find: string;
 *   write: string;
 *   found: string;
 *   clean: string;
 *   allow?: { path: string; text?: RegExp; why: string }[];
 * }[]}
 */
export const PHRASES = [
  // Paraphrases of standard terms
  {
    find: String.raw`\banew\b`,
    write: 'again, new',
    found: 'the market is read anew for each round',
    clean: 'the market is read again for each round',
  },
  {
    find: String.raw`\bwho(?:so|m)?ever\b`,
    write: 'anyone who, the caller, or the one it is',
    found: 'whoever sends it could write there what it likes',
    clean: 'anyone who sends it could write anything there',
  },
  {
    find: String.raw`\banother hand\b`,
    write: 'a concurrent writer, modified concurrently',
    found: 'it was booked by another hand',
    clean: 'a concurrent writer booked it',
  },
  {
    find: String.raw`\bbetween the look at\b|\bat the look\b`,
    write: 'between read and write',
    found: 'changed between the look at it and the booking',
    clean: 'modified concurrently between read and write',
  },
  {
    find: String.raw`\b(?:nobody|no worker|a worker|one|is|still|any more) (?:is )?(?:any more )?at it\b|\bnobody is at\b`,
    write: 'orphaned; the lease; in progress',
    found: 'Until when a worker is at it',
    clean: 'Lease expiry',
  },
  {
    find: String.raw`\b(?:none|nobody) any more\b|\bat it any more\b`,
    write: 'no longer; revoked, expired, gone',
    found: 'with a key that is none any more',
    clean: 'with a revoked key',
  },
  {
    find: String.raw`\bcounter stores?\b`,
    write: 'Redis',
    found: 'a database and a counter store',
    clean: 'MongoDB and Redis',
  },
  {
    find: String.raw`\bfor good\b(?! (?:reasons?|leads?|and bad)\b)`,
    write: 'permanently',
    found: 'end a key for good',
    clean: 'revoke a key permanently',
  },
  {
    find: String.raw`\b(?:has|have|had|is|are|was|were|been|be|not|just|then) begun\b|\b(?:life|lives|lead|post|round|try), begun\b`,
    write: 'started',
    found: 'if it has not been begun by another try',
    clean: 'if no other attempt has started it',
  },
  {
    find: String.raw`\bpassed over\b`,
    write: 'skipped',
    found: 'a contract that was passed over',
    clean: 'a skipped contract',
  },
  {
    find: String.raw`\bbroken off\b`,
    write: 'interrupted',
    found: 'It can be broken off and run again',
    clean: 'It can be interrupted and run again',
  },
  {
    find: String.raw`\bput right\b`,
    write: 'fixed, corrected',
    found: 'each of them was put right',
    clean: 'each of them was fixed',
  },

  // Invented terms for notifications
  {
    find: String.raw`\b(?:is|are|was|were|be|been|being|gets?|not|never|nobody|unless|when|as|once|also) (?:(?:not|never|only|also|once|first|yet) )?told\b(?! (?:apart|from|to (?:end|stop))\b)`,
    write: 'is notified of, receives; (of a program) is given, is asked to',
    found: 'the seller is told how it ended',
    clean: 'the seller is notified of the outcome',
  },
  {
    find: String.raw`\b(?:has|have|had|is|are|was|were|be|been|not|never|yet|nobody|somebody|sender|senders|buyer|seller|lead) (?:(?:not|never|yet|just|all|also|actually) )?heard\b`,
    write: 'was notified, received, delivered',
    found: 'buyers that have heard of the sale',
    clean: 'notified buyers',
  },
  {
    find: String.raw`\b(?:to|not|never|will|who|that|it|they|buyers?|sellers?|sources?|leads?|workflow|all|both|second|first|client|server|one) (?:(?:never|not|yet) )?hears?\b(?! from\b)`,
    write: 'receive, is notified of',
    found: 'its workflow hears of it soon',
    clean: 'its workflow is notified soon',
  },
  {
    find: String.raw`\b(?:a|the|this|that|its|each|every|one|last|earlier|of|or) deeds?\b`,
    write: 'audit entry, action',
    found: 'The page after this deed.',
    clean: 'The page after this audit entry.',
  },

  // Quantities and limits
  {
    find: String.raw`\bso (?:many|much|often)\b(?! (?:as|so|more|less|faster|that)\b)(?![^.;:]{0,80} that\b)`,
    write: 'N, up to N, the number of',
    found: 'At most so many leads in one answer.',
    clean: 'Page size limit.',
  },
  {
    find: String.raw`\b(?:for|after|over|at most|waits|or|ended) so long\b(?! as\b)(?![^.;:]{0,40} that\b)`,
    write: 'a duration, how long, an age',
    found: 'Those that have not ended after so long, ms',
    clean: 'Timeout, ms',
  },
  {
    find: String.raw`\bat the (?:most|least)\b`,
    write: 'at most, at least',
    found: 'for 15 seconds at the most',
    clean: 'for at most 15 seconds',
  },
  {
    find: String.raw`\bhas not (?:at least )?\d+\b`,
    write: 'must be N, must have N',
    found: 'has not 32 bytes',
    clean: 'must be 32 bytes',
  },
  {
    find: String.raw`\buntil when\b`,
    write: 'a noun: expiry, end, deadline, the time it resumes',
    found: 'Until when the contract is full',
    clean: 'When the contract has room again',
  },

  // Roundabout statements
  {
    find: String.raw`\b(?:(?:is|are|was|were|be|been) )?told to (?:end|stop)\b`,
    write: 'stop; until stopped',
    found: 'run a worker until it is told to end',
    clean: 'run a worker (stop with Ctrl-C)',
  },
  {
    find: String.raw`(?<!there )\b(?:is|are|was|were|needs?) none\b${END}`,
    write: 'is not one, is not a …, is invalid; needs no …',
    found: 'a currency that is none',
    clean: 'an invalid currency',
  },
  {
    find: String.raw`\b(?:has|have|needs?) none of (?:its|their|his|this|these|them)\b`,
    write: 'has no …, needs no …',
    found: 'it has none of its own',
    clean: 'it has no limit of its own',
  },
  {
    find: String.raw`(?<=[a-z] )of ours\b(?! ?[).])`,
    write: 'internal; Gavel’s',
    found: 'This is a fault of ours and not of the buyer',
    clean: 'Internal error',
  },
  {
    find: String.raw`\bnewest first; never\b`,
    write: 'newest first, and a sentence of its own',
    found: 'leads, the newest first; never their persons',
    clean: 'list leads, newest first; personal data is not shown',
  },
  {
    find: String.raw`\bgoes without saying\b`,
    write: 'is implied, is not written',
    found: 'How many buyers may have it goes without saying',
    clean: 'The number of buyers is implied',
  },
  {
    find: String.raw`(?<!to )\bbe it\b`,
    write: 'whether … or …',
    found: 'a name, be it a person’s or a company’s',
    clean: 'the name of a person or of a company',
  },
  {
    find: String.raw`\bsees? to it\b|\bseen to\b`,
    write: 'ensures; handled',
    found: 'the sweep sees to it that it ends',
    clean: 'the sweep ends it',
  },
  {
    find: String.raw`\bwhich then\b`,
    write: 'and it then; a sentence of its own',
    found: 'it gets a notice, which then names the floor',
    clean: 'it gets a notice. The notice names the floor',
  },
  {
    find: String.raw`\bin our own words\b`,
    write: 'worded by Gavel',
    found: 'the reason, in our own words',
    clean: 'the reason, worded by Gavel',
  },

  // Clauses that should be nouns
  {
    find: String.raw`/\*\* What (?:it )?(?:is|are|was|were|came|comes|becomes?|became|has|had|of)\b`,
    write: 'a noun: the result, the state, the data of …',
    found: '/** What was booked. */',
    clean: '/** The booking. */',
  },
  {
    find: String.raw`\bWhat(?:ever)? (?:came|comes|becomes?|became|will become|would have become) of\b`,
    write: 'the outcome of, the result of',
    found: 'what became of its offers',
    clean: 'the outcome of its offers',
  },
  {
    find: String.raw`\b(?:all|everything) that (?:is|was|are|were)\b`,
    write: 'all …, with a noun or a participle',
    found: 'put all that is stored under a new key',
    clean: 're-encrypt all data with a new key',
  },
  {
    find: String.raw`\bof those that\b|\bwith those that\b|\bthose that (?:are|is|were|was|have|had|wait|may|can)\b|/\*\* Those (?:that|who)\b`,
    write: 'a noun: the others, pending leads, matching contracts',
    found: 'the answers of those that were asked',
    clean: 'the answers of the buyers asked',
  },

  // Where for if
  {
    find: String.raw`\b(?:absent|undefined|null|false|true|nothing|empty|0|no|none)(?:,)? where\b`,
    write: 'if, when',
    found: 'undefined where there is no such day',
    clean: 'undefined if there is no such day',
  },
  {
    find: String.raw`@throws (?:\{)?[A-Za-z]+(?:\})? (?:\u0060[A-Za-z]+\u0060 )?where\b`,
    write: 'if, when',
    found: '@throws RangeError where the zone is unknown',
    clean: '@throws RangeError if the zone is unknown',
  },
  {
    find: String.raw`(?<!know |shows? |says |tells |to )\bwhere (?:none|nobody|nothing|no (?!(?:person|one)\b)[a-z]+ (?:is|was|are|were)|there (?:is|are|was|were) (?:no|none|nothing)|it (?:is|was|has|does) (?:not|no|none)|nothing else)\b`,
    write: 'if, when',
    found: 'where nobody takes the lead’s state',
    clean: 'if no buyer takes the lead’s state',
  },
  {
    find: String.raw`\b(?:only|also|even|except|but) where\b|, where (?:it|its|they|a|an|the|some|others|nobody|that|this) (?:[a-z’']+ )?(?:has|have|wants?|asks?|says?|is not|may|does|comes|allows?|takes?|names?)\b`,
    write: 'if, when',
    found: 'They fail only where the database is away',
    clean: 'They fail only if the database is away',
  },
];

/** Files without prose of ours, or that quote the phrases. */
const SKIPPED = [
  'package-lock.json',
  'scripts/plainEnglish.mjs',
  'test/docs/plainEnglish.test.ts',
  'test/docs/compose-spec.json',
  'test/histories/0.1.0/',
  'docs/images/',
];

/** The end of a line, and what starts the next line of a comment. */
const GAP = String.raw`\s+(?:(?:\*|//|#|>)\s+)?`;

const compiled = PHRASES.map((phrase) => ({
  ...phrase,
  pattern: new RegExp(phrase.find.replaceAll(/(?<!\[) (?!\?|\])/gu, GAP), 'gimu'),
}));

/**
 * @param {string} path of the file, for exceptions
 * @param {string} text
 * @returns {{ path: string; line: number; column: number; text: string; find: string; write: string }[]}
 */
export function findPhrases(path, text) {
  const places = [];
  for (const { pattern, find, write, allow = [] } of compiled)
    for (const { 0: match, index } of text.matchAll(pattern)) {
      const start = text.lastIndexOf('\n', index) + 1;
      const end = text.indexOf('\n', index);
      const line = text.slice(start, end < 0 ? text.length : end);
      if (allow.some((one) => path.startsWith(one.path) && (one.text?.test(line) ?? true))) continue;
      const before = text.slice(0, start).split('\n').length;
      const shown = match.replaceAll(/\s+(?:(?:\*|\/\/|#|>)\s+)?/gu, ' ');
      places.push({ path, line: before, column: index - start + 1, text: shown, find, write });
    }
  return withoutOverlaps(places);
}

/** @param {ReturnType<typeof findPhrases>} places */
function withoutOverlaps(places) {
  let last = { line: 0, end: 0 };
  return places
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .filter(({ line, column, text }) => {
      if (line === last.line && column < last.end) return false;
      last = { line, end: column + text.length };
      return true;
    });
}

/**
 * @param {string} root of the repository
 * @param {string[]} paths to look under; all if there are none
 */
export function findPhrasesIn(root, paths = []) {
  const listed = execFileSync('git', ['ls-files', '-z', '--', ...paths], { cwd: root, encoding: 'utf8' });
  return listed
    .split('\0')
    .filter((path) => path !== '' && !SKIPPED.some((skipped) => path.startsWith(skipped)))
    .flatMap((path) => {
      const text = readText(resolve(root, path));
      return text === undefined ? [] : findPhrases(path, text);
    });
}

/** @param {string} path */
function readText(path) {
  try {
    const text = readFileSync(path, 'utf8');
    return text.includes('\0') ? undefined : text;
  } catch (error) {
    // Deleted and not committed yet.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @param {string[]} args */
function main(args) {
  const paths = args.filter((arg) => !arg.startsWith('--'));
  const places = findPhrasesIn(resolve(dirname(fileURLToPath(import.meta.url)), '..'), paths);
  if (args.includes('--counts')) {
    printCounts(places.map(({ path }) => dirname(path)));
    printCounts(places.map(({ text }) => text.toLowerCase()));
  } else
    for (const { path, line, column, text, write } of places)
      console.log(`${path}:${line}:${column}  "${text}"  write: ${write}`);
  if (places.length === 0) return;
  console.log(`${places.length} phrases to write in plain English.`);
  process.exitCode = 1;
}

/** @param {string[]} names */
function printCounts(names) {
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const [name, count] of [...counts].toSorted((a, b) => b[1] - a[1]))
    console.log(`${String(count).padStart(5)}  ${name}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
