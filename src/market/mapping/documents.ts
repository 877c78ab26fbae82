import { cleanText } from '../fields/text.js';
import { textsOf } from './documentText.js';
import { parseExactJson } from './exactJson.js';
import type { Inbound, Pairs } from './inbound.js';
import { compiledPath } from './mapField.js';
import { isMap, valueAt, type DocumentPath } from './path.js';

/** What paths lead into: the names of the body and of what a preset makes of it. `body` is the body itself. */
export type SourceDocument = Readonly<Record<string, unknown>>;

/** The most leads in one request. */
export const MAX_DOCUMENTS = 100;
/** The most entries of a list of pairs. */
const MAX_PAIRS = 1000;

type Shape = Pick<Inbound, 'unwrap' | 'pairs' | 'each'>;

/** Takes a request's body apart: the documents in it, each of which may become a lead. */
export type DocumentReader = (body: unknown) => SourceDocument[];

/** @throws Error if a path is faulty */
export function documentReader({ unwrap, pairs = [], each }: Shape): DocumentReader {
  const readPairs = pairs.map(pairsReader);
  const eachPath = each === undefined ? undefined : compiledPath(each);
  const documentOf = (body: unknown): SourceDocument => {
    const inner = unwrap && isMap(body) ? parseExactJson(textsOf(body[unwrap.json]).join('')) : undefined;
    const plain = merged(body, inner, { body });
    return readPairs.reduce((document, read) => merged(document, read(document)), plain);
  };
  return (body) => {
    const whole = Array.isArray(body) ? body.slice(0, MAX_DOCUMENTS) : [body];
    const documents = whole.map(documentOf);
    if (eachPath === undefined) return documents;
    return documents
      .flatMap((document) => {
        const found = valueAt(eachPath, document);
        if (found === undefined) return [document];
        return (Array.isArray(found) ? found : [found]).map((item: unknown) => merged(document, item));
      })
      .slice(0, MAX_DOCUMENTS);
  };
}

/** Later maps go before earlier ones. Names of JavaScript's own objects are names like any other. */
const merged = (...maps: unknown[]): SourceDocument =>
  Object.fromEntries(maps.flatMap((map) => (isMap(map) ? Object.entries(map) : [])));

function pairsReader({ into, list, key, names, value }: Pairs): (document: SourceDocument) => SourceDocument {
  const lists = list.map(compiledPath);
  const keyPath = key === '@key' ? undefined : compiledPath(key);
  const values = value.map((paths) => [paths].flat().map(entryPath));
  const translate = names && translator(names);
  return (document) => {
    const found = lists
      .map((path) => valueAt(path, document))
      .find((one) => one !== undefined && one !== null);
    const titles = translate?.(document);
    const entries = entriesOf(found).slice(0, MAX_PAIRS);
    const map = new Map<string, unknown>();
    for (const [name, entry] of entries) {
      const written = keyPath === undefined ? name : textsOf(valueAt(keyPath, entry))[0];
      const title = titles === undefined ? written : titles.get(written ?? '');
      if (title !== undefined && !map.has(title)) map.set(title, firstShown(values, entry));
    }
    const made = Object.fromEntries(map);
    return into === undefined ? made : { [into]: made };
  };
}

function entriesOf(list: unknown): [name: string, entry: unknown][] {
  if (Array.isArray(list)) return list.map((entry: unknown, i) => [String(i), entry]);
  return isMap(list) ? Object.entries(list) : [];
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

function translator({ list, key, value }: NonNullable<Pairs['names']>) {
  const [listPath, keyPath, valuePath] = [compiledPath(list), compiledPath(key), compiledPath(value)];
  return (document: SourceDocument): ReadonlyMap<string, string> =>
    new Map(
      entriesOf(valueAt(listPath, document))
        .slice(0, MAX_PAIRS)
        .flatMap(([, entry]): [string, string][] => {
          const [name] = textsOf(valueAt(keyPath, entry));
          const [title] = textsOf(valueAt(valuePath, entry));
          return name === undefined || title === undefined ? [] : [[name, title.trim()]];
        }),
    );
}
