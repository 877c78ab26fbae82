/** What a label asks for, in words of small letters with a space between them. */
export interface LabelledName {
  /** Without the words of a question around it: `best phone number`. */
  text: string;
  /** Without words for which one is meant: `phone number`. */
  unqualified: string;
}

/** Longer texts are no labels, and longer sentences ask for something else. */
const LONGEST = 200;
const MOST_WORDS = 24;

/** What the name of every field that a form asks a person for contains: most other names need no closer look. */
const ASKS_FOR_PERSON =
  /name|phone|mobile|cell|tel|number|contact|mail|zip|post|state|provin|region|city|town|local/i;

/** Words of a question, in front of what it asks for; `q3` is Jotform's, `No Label` Elementor's. */
const ASKING =
  /^(?:q\d+|no label|(?:and|now|so)(?= (?:what|which|your))|please|enter|provide|type(?: in)?(?= your)|tell us|(?:may|can) we have|what(?: i)?s|what are|(?:in |at |on )?(?:what|which)|your|the) /;
const QUALIFYING =
  /^(?:best|preferred|primary|personal|contact|customer|applicant|consumer|prospect|borrower|homeowner|input|txt|fld) /;

/** `What’s the best number to reach you?` */
const NUMBER_TO_CALL =
  /(?<!(?:phone|cell|mobile|contact) )\bnumber(?= (?:to|for|where|that|we|i|can|may|should|could)\b.*\b(?:reach|call|text)\b)/;

/** The same behind it. */
const BEHIND = new RegExp(
  ' (?:' +
    [
      'please|here|below',
      '(?:do|are) you (?:currently |now )?(?:live|living|reside|residing|located|based|in)(?: in| at)?',
      '(?:where )?you (?:currently )?(?:live|reside)(?: in)?|(?:is )?your (?:home|house|property) (?:(?:is )?located(?: in)?|(?:is )?in)',
      'of residence|where you live',
      '(?:to|for us to|(?:where |that |at which )?(?:we|i) (?:can|may|should|could)|(?:can|may|should|could) we) (?:best )?(?:reach|call|contact|text|e ?mail|use)(?: you)?(?: at| on| back)?',
      '(?:with|including|incl|and) area code|area code first|x{3}(?: x{3,4})*|\\d digits?',
    ].join('|') +
    ')$',
);

/**
 * The name in each sentence of a label or a question of a form: `zip code` of `What’s your ZIP code? *`, `phone number`
 * of `Best phone number (required)`. Only words of closed lists are left out, so that `State of your roof` stays what it
 * is.
 */
export const labelledNames = (label: string): LabelledName[] =>
  label.length > LONGEST || !ASKS_FOR_PERSON.test(label) ? [] : sentencesIn(label).map(withoutAround);

/** The sentences of a label; of one with a greeting (`Thanks, Ann! So, what’s your name?`), what follows the last comma. */
function sentencesIn(label: string): string[] {
  const text = label
    .normalize('NFKC')
    .replace(/\{\{.*?\}\}|<[^>]*>|[\s([*](?:required|optional)[)\]*.]*$/gi, ' ')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2');
  return text
    .split(/[.!?\n]+(?=\s|$)/)
    .map(words)
    .filter((sentence) => sentence !== '' && sentence.split(' ').length <= MOST_WORDS);
}

const words = (text: string): string =>
  text
    .toLowerCase()
    .replace(/^.*, (?=(?:what|which|may|can|please)\b)/s, '')
    .replace(/['’‘]/g, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .replace(NUMBER_TO_CALL, 'phone number')
    .trim();

function withoutAround(sentence: string): LabelledName {
  const text = without(sentence, [ASKING, BEHIND]);
  return { text, unqualified: without(text, [QUALIFYING, ASKING]) };
}

function without(text: string, around: readonly RegExp[]): string {
  const bare = around.reduce((rest, one) => rest.replace(one, ''), text);
  return bare === text ? text : without(bare, around);
}
