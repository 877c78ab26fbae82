import { RE2JS } from 're2js';
import { ProtocolFault } from './protocolFault.js';

/** What a regular expression finds in a text: its first group, or the whole match if it has none. */
export type Matcher = (text: string) => string | undefined;

const LONGEST_EXPRESSION = 500;
const LARGEST_PROGRAM = 250;
/** Instructions times characters; a text is searched only as far as that (test/market/protocol/hostile.test.ts). */
const MOST_WORK = 3_000_000;

/**
 * A regular expression that ignores case. RE2 takes time in proportion to the sizes of expression and text, and has no
 * look-around and no back-references.
 * @throws ProtocolFault
 */
export function compileMatcher(text: string): Matcher {
  if (text.length > LONGEST_EXPRESSION)
    throw new ProtocolFault(`has ${text.length} characters; an expression has at most ${LONGEST_EXPRESSION}`);
  const expression = compiled(text);
  const size = expression.programSize();
  if (size > LARGEST_PROGRAM)
    throw new ProtocolFault('is too large an expression; make its repetitions shorter');
  const longest = Math.floor(MOST_WORK / size);
  const group = expression.groupCount() > 0 ? 1 : 0;
  return (whole) => {
    const matcher = expression.matcher(whole.slice(0, longest));
    return matcher.find() ? (matcher.group(group) ?? undefined) : undefined;
  };
}

function compiled(text: string): RE2JS {
  try {
    return RE2JS.compile(text, RE2JS.CASE_INSENSITIVE);
  } catch {
    throw new ProtocolFault(
      `"${text}" is not a regular expression (RE2’s syntax: no look-around, no back-references); write it like ^success\\|([^|]+)`,
    );
  }
}
