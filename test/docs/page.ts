import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { Marked, type Token, type Tokens } from 'marked';
import { packageRoot } from '../../src/packageRoot.js';

/** A table of a page; cells are Markdown as written. */
export interface PageTable {
  /** The heading above it. */
  section: string;
  header: string[];
  rows: string[][];
}

export interface PageCode {
  section: string;
  /** The words after the fence: `yaml faulty`. */
  lang: string;
  text: string;
}

/** A parsed Markdown page of the repository. */
export interface Page {
  /** From the root: `docs/ops.md`. */
  path: string;
  headings: string[];
  tables: PageTable[];
  codes: PageCode[];
  /** Code within sentences. */
  codespans: string[];
  /** Targets of links and images. */
  links: string[];
}

/** README.md, the client's and every page under docs/. */
export function pagePaths(): string[] {
  const pages = readdirSync(join(packageRoot, 'docs'), { recursive: true, encoding: 'utf8' });
  return [
    'README.md',
    'CONTRIBUTING.md',
    'clients/typescript/README.md',
    ...pages.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ];
}

export function readPage(path: string): Page {
  const marked = new Marked();
  const page: Page = { path, headings: [], tables: [], codes: [], codespans: [], links: [] };
  const tokens = marked.lexer(readFileSync(join(packageRoot, path), 'utf8'));
  for (const token of tokens) readBlock(token, page);
  void marked.walkTokens(tokens, (token) => {
    if (isA<Tokens.Link>(token, 'link') || isA<Tokens.Image>(token, 'image')) page.links.push(token.href);
    if (isA<Tokens.Codespan>(token, 'codespan')) page.codespans.push(token.text);
  });
  return page;
}

function readBlock(token: Token, page: Page): void {
  const section = page.headings.at(-1) ?? '';
  if (isA<Tokens.Heading>(token, 'heading')) page.headings.push(token.text);
  if (isA<Tokens.Code>(token, 'code')) page.codes.push({ section, lang: token.lang ?? '', text: token.text });
  if (isA<Tokens.Table>(token, 'table')) {
    const texts = (cells: Tokens.TableCell[]) => cells.map(({ text }) => text);
    page.tables.push({ section, header: texts(token.header), rows: token.rows.map(texts) });
  }
}

const isA = <T extends Token>(token: Token, type: T['type']): token is T => token.type === type;

/**
 * The rows of every table with this heading in its first column, each as its first cells.
 * @throws Error if the page has no such table
 */
export function rowsOf(page: Page, firstColumn: string, columns = 1): string[][] {
  const tables = page.tables.filter(({ header }) => header[0] === firstColumn);
  if (tables.length === 0)
    throw new Error(`${page.path} has no table whose first column is "${firstColumn}"`);
  return tables.flatMap(({ rows }) => rows.map((row) => row.slice(0, columns)));
}

export const inCode = (text: string): string => `\`${text}\``;

/** The target of a relative link, from the root; undefined for URLs. */
export function targetOf(page: Page, href: string): { path: string; anchor: string } | undefined {
  if (/^[a-z]+:/.test(href)) return undefined;
  const [file = '', anchor = ''] = href.split('#');
  const path = file === '' ? page.path : normalize(join(dirname(page.path), file));
  return { path: relative('.', path), anchor };
}

/** A heading's anchor, as on GitHub. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
