import { cleanText } from '../fields/text.js';
import { textsOf } from './documentText.js';
import { parseExactJson } from './exactJson.js';
import type { Inbound, Pairs } from './inbound.js';
import { compiledPath } from './mapField.js';
import { isMap, valueAt, type DocumentPath } from './path.js';

/** What paths lead into: the names of the body and of what a preset makes of it. `body` is the body itself. */
export type SourceDocument = Readonly<Record<string, unknown>>;

/** The most leads in one request: more than fit into one from an ad platform. */
export const MAX_DOCUMENTS = 500;
/** The most names of all of them together. Each document has those of the request as well, so they multiply. */
const MAX_NAMES = 100_000;
/** The most entries of a list of pairs. */
const MAX_PAIRS = 1000;

type Shape = Pick<Inbound, 'unwrap' | 'subfields' | 'pairs' | 'each'>;

/** Takes a request's body apart: the documents in it, each of which may become a lead, or why they are not read. */
export type DocumentReader = (body: unknown) => SourceDocument[] | { problem: string };

const TOO_MANY = {
  problem: `The request has more than ${MAX_DOCUMENTS} leads, or too many names in them. Send it in several.`,
};

/** @throws Error if a path is faulty */
export function documentReader({ unwrap, subfields = false, pairs = [], each }: Shape): DocumentReader {
  const readPairs = pairs.map(pairsReader);
  const eachPath = each === undefined ? undefined : compiledPath(each);
  const withPairs = (plain: SourceDocument): SourceDocument =>
    readPairs.reduce((document, read) => merged(document, read(document)), plain);
  const documentOf = (body: unknown): SourceDocument => {
    const inner = unwrap && isMap(body) ? parseExactJson(textsOf(body[unwrap.json]).join('')) : undefined;
    const whole = merged(body, inner);
    return merged(subfields ? withSubfields(whole) : whole, { body });
  };
  return (body) => {
    const whole: unknown[] = Array.isArray(body) ? body : [body];
    if (whole.length > MAX_DOCUMENTS) return TOO_MANY;
    const leads: SourceDocument[] = [];
    let names = 0;
    for (const plain of whole.map(documentOf)) {
      const document = withPairs(plain);
      const found = eachPath && valueAt(eachPath, document);
      if (found === undefined) {
        leads.push(document);
        continue;
      }
      const items: unknown[] = [found].flat();
      names += items.length * Object.keys(document).length;
      if (leads.length + items.length > MAX_DOCUMENTS || names > MAX_NAMES) return TOO_MANY;
      // Each lead may have a list of pairs of its own.
      leads.push(...items.map((item) => withPairs(merged(document, item))));
    }
    return leads.length > MAX_DOCUMENTS ? TOO_MANY : leads;
  };
}

/** Later maps go before earlier ones. Names of JavaScript's own objects are names like any other. */
const merged = (...maps: unknown[]): SourceDocument =>
  Object.fromEntries(maps.flatMap((map) => (isMap(map) ? Object.entries(map) : [])));

/** A line of a text that holds a map: `first = Jane`. */
const SUBFIELD = /^([A-Za-z][\w -]{0,40}?) = ?(.*)$/s;

/** Texts whose every line is `name = value`, as maps. */
const withSubfields = (document: SourceDocument): SourceDocument =>
  Object.fromEntries(
    Object.entries(document).map(([name, value]) => {
      const lines = typeof value === 'string' ? value.split(/\r?\n/) : [];
      const parts = lines.flatMap((line) => SUBFIELD.exec(line) ?? []);
      return [name, lines.length > 0 && parts.length === 3 * lines.length ? mapOf(parts) : value];
    }),
  );

const mapOf = (parts: readonly string[]): SourceDocument =>
  Object.fromEntries(parts.flatMap((name, i) => (i % 3 === 1 ? [[name, parts[i + 1]]] : [])));

function pairsReader({
  into,
  list,
  key,
  names,
  value,
  choices,
}: Pairs): (document: SourceDocument) => SourceDocument {
  const lists = list.map(compiledPath);
  const keys = key.map((one) => (one === '@key' ? undefined : compiledPath(one)));
  const keyPaths = keys.filter((path) => path !== undefined);
  const values = value.map((paths) => [paths].flat().map(entryPath));
  const translate = names && translator(names);
  const choiceIn = choices && translator({ ...choices, list: [choices.list] });
  return (document) => {
    const pairs = lists
      .map((path) => valueAt(path, document))
      .find((one) => one !== undefined && one !== null);
    const titles = translate?.(document);
    const entries = entriesOf(pairs, keyPaths).slice(0, MAX_PAIRS);
    const map = new Map<string, unknown>();
    for (const [name, entry] of entries) {
      const written = keys
        .map((path) => (path === undefined ? name : textsOf(valueAt(path, entry))[0]))
        .find((text) => text !== undefined && text.trim() !== '');
      const title = titles === undefined ? written : titles.get(written ?? '');
      if (title === undefined || (map.get(title) ?? null) !== null) continue;
      const found = firstShown(values, entry);
      map.set(title, choiceIn === undefined ? found : chosen(found, choiceIn(entry)));
    }
    const made = Object.fromEntries(map);
    return into === undefined ? made : { [into]: made };
  };
}

/** The entries of a list or a map. An entry that stands alone, as XML writes a list of one, is the only one. */
function entriesOf(list: unknown, keys: readonly DocumentPath[]): [name: string, entry: unknown][] {
  if (Array.isArray(list)) return list.map((entry: unknown, i) => [String(i), entry]);
  if (!isMap(list)) return [];
  const isEntry = keys.some((path) => textsOf(valueAt(path, list)).length > 0);
  return isEntry ? [['0', list]] : Object.entries(list);
}

/** Undefined for the entry itself. */
const entryPath = (text: string): DocumentPath | undefined => (text === '@' ? undefined : compiledPath(text));

function firstShown(values: readonly (DocumentPath | undefined)[][], entry: unknown): unknown {
  for (const paths of values) {
    const found = paths.map((path) => (path === undefined ? entry : valueAt(path, entry)));
    const shown = found.filter((one) => textsOf(one).some((text) => cleanText(text) !== ''));
    if (shown.length === 1) return shown[0];
    if (shown.length > 1) return shown.flat();
  }
  return null;
}

/** Ids of choices as their texts; anything else stays, such as what a person wrote beside them. */
const chosen = (value: unknown, choices: ReadonlyMap<string, string>): unknown =>
  choices.size === 0 ? value : textsOf(value).map((text) => choices.get(text) ?? text);

function translator({ list, key, value }: NonNullable<Pairs['names']>) {
  const lists = list.map(compiledPath);
  const [keyPath, valuePath] = [compiledPath(key), compiledPath(value)];
  return (document: unknown): ReadonlyMap<string, string> =>
    new Map(
      lists
        .flatMap((path) => entriesOf(valueAt(path, document), [keyPath]))
        .slice(0, MAX_PAIRS)
        .flatMap(([, entry]): [string, string][] => {
          const [name] = textsOf(valueAt(keyPath, entry));
          const [title] = textsOf(valueAt(valuePath, entry));
          return name === undefined || title === undefined ? [] : [[name, title.trim()]];
        }),
    );
}
