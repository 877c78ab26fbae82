import type { FieldValue } from '../../market/fields/reading.js';
import type { Sample } from '../docs/guide.js';
import { EXAMPLE_ORIGIN } from '../docs/page.js';

/** How a language writes one field of the lead, and whether the last one has a comma. */
const LINES: Readonly<Record<string, { quote: (text: string) => string; pair: string; trailing: boolean }>> =
  {
    sh: {
      quote: (text) => JSON.stringify(text).replaceAll("'", String.raw`'\''`),
      pair: ': ',
      trailing: false,
    },
    js: { quote: single, pair: ': ', trailing: true },
    php: { quote: single, pair: ' => ', trailing: true },
    python: { quote: (text) => JSON.stringify(text), pair: ': ', trailing: true },
  };

/** A string in single quotes, without line breaks. */
function single(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`);
  return `'${escaped}'`;
}

/** The lines of the guide's example that hold the lead: from `seller` to `city`. */
const LEAD = /^( *)(['"]?)seller\2(?: =>|:)[\s\S]*?^ *(['"]?)city\3(?: =>|:).*$/m;

/**
 * The guide's examples of sending a lead, with this lead in place of theirs.
 * @param origin the base URL of the API
 */
export function samplesFor(
  samples: readonly Sample[],
  lead: Record<string, FieldValue>,
  origin: string,
): Sample[] {
  return samples.map((sample) => ({
    ...sample,
    // Functions, because `$` is special in a replacement string.
    source: sample.source
      .replaceAll(EXAMPLE_ORIGIN, () => origin)
      .replace(LEAD, (_all, indent: string, quoted: string) =>
        leadLines(sample.lang, lead, { indent, isQuoted: quoted !== '' }),
      ),
  }));
}

function leadLines(
  lang: string,
  lead: Record<string, FieldValue>,
  { indent, isQuoted }: { indent: string; isQuoted: boolean },
): string {
  const { quote, pair, trailing } = LINES[lang] ?? { quote: single, pair: ': ', trailing: true };
  const nameOf = (name: string): string => (!isQuoted && /^[a-z_]\w*$/i.test(name) ? name : quote(name));
  const valueOf = (value: FieldValue): string =>
    typeof value === 'string' ? quote(value) : `[${value.map(quote).join(', ')}]`;
  const lines = Object.entries(lead).map(
    ([name, value]) => `${indent}${nameOf(name)}${pair}${valueOf(value)}`,
  );
  return lines.join(',\n') + (trailing ? ',' : '');
}
