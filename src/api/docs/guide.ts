import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Marked, type Token, type Tokens } from 'marked';
import { anchorOf, codeHtml, escapeHtml } from './html.js';

export interface Sample {
  lang: string;
  label: string;
  source: string;
}

/** A Markdown page as HTML. */
export interface RenderedPage {
  html: string;
  chapters: string[];
  /** The first example of the page, in each language. */
  samples: Sample[];
}

/** docs/source.md for the docs page and the specs pages. */
export interface Guide extends RenderedPage {
  /** The Markdown below a heading, up to the next heading of any level. */
  chapter(heading: string): string;
}

const LANGUAGES: Readonly<Record<string, string>> = { sh: 'curl', js: 'Node', php: 'PHP', python: 'Python' };

export function readGuide(): Guide {
  const text = readFileSync(guideFile(), 'utf8');
  return { ...renderMarkdown(text), chapter: (heading) => chapterOf(text, heading) };
}

/** @throws Error if the guide has no such heading */
function chapterOf(text: string, heading: string): string {
  const tokens = new Marked().lexer(text);
  const start = tokens.findIndex((token) => isHeading(token) && token.text === heading);
  if (start < 0) throw new Error(`docs/source.md has no chapter "${heading}"`);
  const rest = tokens.slice(start + 1);
  const end = rest.findIndex(isHeading);
  return rest
    .slice(0, end < 0 ? undefined : end)
    .map(({ raw }) => raw)
    .join('')
    .trim();
}

/** Renders Markdown; adjacent code blocks in several languages become tabs. */
export function renderMarkdown(text: string): RenderedPage {
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${anchorOf(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      code: ({ text, lang = '' }) =>
        `<pre tabindex="0" class="${escapeHtml(lang)}"><code>${codeHtml(text)}</code></pre>\n`,
      table(table) {
        const row = (cells: Tokens.TableCell[], tag: string): string =>
          `<tr>${cells.map(({ tokens }) => `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`).join('')}</tr>`;
        const body = table.rows.map((cells) => row(cells, 'td')).join('');
        const [first] = table.header;
        return `<div class="wide" tabindex="0" role="group" aria-label="Table: ${escapeHtml(first?.text ?? '')}"><table><thead>${row(table.header, 'th')}</thead><tbody>${body}</tbody></table></div>\n`;
      },
    },
  });
  const tokens = marked.lexer(text);
  const blocks = groupSamples(tokens);
  return {
    html: blocks
      .map((block, i) => ('token' in block ? marked.parser([block.token]) : tabs(block.samples, `tabs-${i}`)))
      .join(''),
    chapters: tokens.flatMap((token) => (isHeading(token) && token.depth === 2 ? [token.text] : [])),
    samples: blocks.flatMap((block) => ('token' in block ? [] : [block.samples]))[0] ?? [],
  };
}

/** `docs` is next to `src`, and in the image next to `dist`. */
function guideFile(dir = dirname(fileURLToPath(import.meta.url))): string {
  const file = join(dir, 'docs', 'source.md');
  return existsSync(file) ? file : guideFile(dirname(dir));
}

type Block = { token: Token } | { samples: Sample[] };

const isHeading = (token: Token): token is Tokens.Heading => token.type === 'heading';
const isCode = (token: Token): token is Tokens.Code => token.type === 'code';

/** Groups adjacent code blocks in several languages as one example. */
function groupSamples(tokens: Token[]): Block[] {
  const blocks: Block[] = [];
  for (const token of tokens.filter(({ type }) => type !== 'space')) {
    const label = isCode(token) ? LANGUAGES[token.lang ?? ''] : undefined;
    const last = blocks.at(-1);
    if (!isCode(token) || label === undefined) blocks.push({ token });
    else {
      const sample = { lang: token.lang ?? '', label, source: token.text };
      if (last !== undefined && 'samples' in last) last.samples.push(sample);
      else blocks.push({ samples: [sample] });
    }
  }
  // A single block is not a group.
  return blocks.map((block) => {
    const [first, second] = 'samples' in block ? block.samples : [];
    if (first === undefined || second !== undefined) return block;
    return { token: { type: 'code', raw: first.source, text: first.source, lang: first.lang } };
  });
}

/** Tabs of radio buttons and CSS, because the page runs no script. `name` must be unique on the page. */
function tabs(samples: Sample[], name: string): string {
  const inputs = samples.map(({ lang, label }, index) => {
    const checked = index === 0 ? ' checked' : '';
    return `<label><input type="radio" name="${name}" value="${lang}"${checked}>${label}</label>`;
  });
  const panels = samples.map(
    ({ lang, source }) => `<pre tabindex="0" class="${lang}"><code>${codeHtml(source)}</code></pre>`,
  );
  return `<div class="tabs"><div role="radiogroup" aria-label="Language">${inputs.join('')}</div>${panels.join('')}</div>\n`;
}
