import { SaxesParser } from 'saxes';

/** An element of an XML document, by local names. */
export interface XmlElement {
  name: string;
  /** By local name, without declarations of namespaces. */
  attributes: Readonly<Record<string, string>>;
  /** Elements and texts in their order. */
  children: (XmlElement | string)[];
  parent?: XmlElement;
  /** `xsi:nil="true"`: there is no value. */
  isNil: boolean;
}

const DEEPEST = 100;
const MOST_ELEMENTS = 20_000;

/**
 * Reads an XML document. The document may not have a DOCTYPE, so there are no entities but the five of XML. The result is
 * a root without a name, whose only element is the document's own.
 * @returns undefined if it is not well-formed, has a DOCTYPE, or is too deep or too large
 */
export function parseXml(text: string): XmlElement | undefined {
  const parser = new SaxesParser<{ xmlns: false; position: false }>({ xmlns: false, position: false });
  const root: XmlElement = { name: '', attributes: {}, children: [], isNil: false };
  let open = root;
  let depth = 0;
  let count = 0;
  const refuse = (): never => {
    throw new RefusedXml();
  };
  parser.on('doctype', refuse);
  parser.on('error', refuse);
  parser.on('opentag', ({ name, attributes }) => {
    depth += 1;
    count += 1;
    if (depth > DEEPEST || count > MOST_ELEMENTS) refuse();
    const own = Object.entries(attributes).filter(([key]) => !/^xmlns(?::|$)/.test(key));
    const element: XmlElement = {
      name: localName(name),
      attributes: Object.fromEntries(own.map(([key, value]) => [localName(key), value])),
      children: [],
      parent: open,
      isNil: own.some(([key, value]) => /^[^:]+:nil$/.test(key) && /^(?:true|1)$/.test(value.trim())),
    };
    open.children.push(element);
    open = element;
  });
  parser.on('closetag', () => {
    depth -= 1;
    open = open.parent ?? root;
  });
  const addText = (part: string): void => {
    if (open !== root) open.children.push(part);
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  try {
    parser.write(text).close();
  } catch (error) {
    if (error instanceof RefusedXml) return undefined;
    throw error;
  }
  return root.children.length === 1 ? root : undefined;
}

class RefusedXml extends Error {}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

export const elementsOf = ({ children }: XmlElement): XmlElement[] =>
  children.filter((child): child is XmlElement => typeof child === 'object');

/** All text in an element, trimmed; undefined if it is nil. */
export function xmlTextOf(element: XmlElement): string | undefined {
  if (element.isNil) return undefined;
  const parts: string[] = [];
  const walk = ({ children }: XmlElement): void => {
    for (const child of children) {
      if (typeof child === 'string') parts.push(child);
      else walk(child);
    }
  };
  walk(element);
  return parts.join('').trim();
}

/**
 * The same as maps and lists, for paths: an element without elements and attributes is its text, a repeated name a list,
 * an attribute a key with `@`.
 */
export function xmlAsData(element: XmlElement): unknown {
  const elements = elementsOf(element);
  const attributes = Object.entries(element.attributes);
  if (element.isNil) return null;
  if (elements.length === 0 && attributes.length === 0) return xmlTextOf(element);
  const data = new Map<string, unknown>(attributes.map(([name, value]) => [`@${name}`, value]));
  if (elements.length === 0) data.set('#text', xmlTextOf(element));
  const byName = new Map<string, unknown[]>();
  for (const child of elements) {
    const same = byName.get(child.name) ?? [];
    same.push(xmlAsData(child));
    byName.set(child.name, same);
  }
  for (const [name, values] of byName) data.set(name, values.length === 1 ? values[0] : values);
  return Object.fromEntries(data);
}
