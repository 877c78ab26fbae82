/*
 * Size limits of Temporal. A larger value fails the start of a workflow or its task on every attempt, so all data whose
 * size others control is truncated before it is sent.
 */

/** Characters of a Keyword, and of each in a list: the column of the visibility store. */
const KEYWORD_CHARACTERS = 255;
/** Bytes of one search attribute, as JSON: the server takes 2 KiB. */
const ATTRIBUTE_BYTES = 2000;
/** Bytes of a summary: the server takes 400. */
const SUMMARY_BYTES = 380;
/** Bytes of a fairness key. */
const FAIRNESS_KEY_BYTES = 64;

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** A text that fits into a search attribute of type Keyword. */
export const fitKeyword = (text: string): string =>
  text.length <= KEYWORD_CHARACTERS ? text : `${text.slice(0, KEYWORD_CHARACTERS - 1)}…`;

/** As many of these, from the first one on, as fit into a search attribute of type KeywordList. */
export function fitKeywords(texts: readonly string[]): string[] {
  const fitting: string[] = [];
  let bytes = 2;
  for (const text of texts.map(fitKeyword)) {
    bytes += bytesOf(JSON.stringify(text)) + 1;
    if (bytes > ATTRIBUTE_BYTES) break;
    fitting.push(text);
  }
  return fitting;
}

/** A text that fits into the summary of a workflow, a timer or an activity. */
export const fitSummary = (text: string): string => fitBytes(text, SUMMARY_BYTES);

/** A text that fits into a fairness key. */
export const fitFairnessKey = (text: string): string => fitBytes(text, FAIRNESS_KEY_BYTES);

function fitBytes(text: string, most: number): string {
  if (bytesOf(text) <= most) return text;
  let cut = '';
  for (const character of text) {
    if (bytesOf(cut) + bytesOf(character) > most - bytesOf('…')) break;
    cut += character;
  }
  return `${cut}…`;
}
