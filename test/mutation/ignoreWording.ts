import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

/** The parts of Babel's syntax tree that matter here. */
interface Node {
  type: string;
  value?: unknown;
  quasis?: { value: { raw: string } }[];
  expressions?: Node[];
}

const SIMPLE = ['Identifier', 'MemberExpression', 'OptionalMemberExpression', 'CallExpression'];

/** Two words with a space between them. */
const isSentence = (text: string): boolean => /[\p{L}\p{N}’,:)] \S/u.test(text);

/** Whether the node is a text for people. A template that decides something is not ignored. */
function isWording({ type, value, quasis = [], expressions = [] }: Node): boolean {
  if (type === 'StringLiteral') return typeof value === 'string' && isSentence(value);
  if (type !== 'TemplateLiteral' || !expressions.every((one) => SIMPLE.includes(one.type))) return false;
  return isSentence(quasis.map(({ value: { raw } }) => raw).join('x'));
}

/** Leaves out mutants of sentences: messages, details and reasons for people. */
export const ignoreWording = declareValuePlugin(PluginKind.Ignore, 'wording', {
  shouldIgnore: (path) =>
    isWording((path as unknown as { node: Node }).node) ? 'a text for people' : undefined,
});
