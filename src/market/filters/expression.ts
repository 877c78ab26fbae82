import { RE2JS } from 're2js';

/** A compiled regular expression: whether some part of one of the values matches it. */
export type Expression = (values: readonly string[]) => boolean;

/** Instructions that an expression may compile to. */
const LARGEST_EXPRESSION = 250;

/** Instructions times characters: the hardest expressions take less than 0.1 s for that (test/market/filters/expression.test.ts). */
const MOST_WORK = 1_500_000;

/**
 * A regular expression that ignores case (unless it says `(?-i)`). RE2 takes time in proportion to the sizes of expression
 * and value, so that none can hold up an auction, and has no look-around and no back-references. Values that are together
 * too long for an expression of its size do not match: at the largest size, more than 6,000 characters.
 * @throws Error if it is not a regular expression or too large
 */
export function compileExpression(text: string): Expression {
  const expression = RE2JS.compile(text, RE2JS.CASE_INSENSITIVE);
  const size = expression.programSize();
  if (size > LARGEST_EXPRESSION) throw new Error('The regular expression is too large');
  const longest = Math.floor(MOST_WORK / size);
  return (values) => {
    const length = values.reduce((sum, value) => sum + value.length, 0);
    return length <= longest && values.some((value) => expression.test(value));
  };
}
