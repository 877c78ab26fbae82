/** What a label asks for, without the words around it. */
export interface LabelledName {
  /** Words in small letters, with a space between them. */
  text: string;
  /** Whether words were left out that say which one is meant: the `best` phone number. */
  isQualified: boolean;
}

/** Longer texts are no labels. */
const LONGEST = 200;

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
  label.length > LONGEST ? [] : sentencesIn(label).map(withoutAround);

/** The sentences of a label; of one with a greeting (`Thanks, Ann! So, what’s your name?`), what follows the last comma. */
function sentencesIn(label: string): string[] {
  const text = label
    .normalize('NFKC')
    .replace(/\{\{.*?\}\}|<[^>]*>|[\s([*]+(?:required|optional)[)\]*.]*$/gi, ' ')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2');
  return text
    .split(/[.!?\n]+(?=\s|$)/)
    .map(words)
    .filter((sentence) => sentence !== '');
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
  let text = sentence;
  let isQualified = false;
  for (;;) {
    const bare = text.replace(ASKING, '').replace(BEHIND, '');
    const named = bare.replace(QUALIFYING, '');
    isQualified ||= named !== bare;
    if (named === text) return { text, isQualified };
    text = named;
  }
}
