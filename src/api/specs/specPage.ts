import { renderMarkdown } from '../docs/guide.js';
import { escapeHtml } from '../docs/html.js';
import { pageHtml } from '../docs/page.js';
import { exampleLead, type SpecTerms } from './campaignFields.js';

/** The result of a lead that was sent from the page. */
export interface Tried {
  status: number;
  body: string;
}

interface Options {
  terms: SpecTerms;
  markdown: string;
  /** Path of the page. */
  path: string;
  tried?: Tried;
}

/** The specs as a page without scripts: the Markdown, and a form that sends a test lead. */
export function specPage({ terms, markdown, path, tried }: Options): string {
  const { html, chapters } = renderMarkdown(markdown);
  const [before, after] = splitAt(html, '<h2 id="fields">');
  const downloads = `<p class="downloads"><a href="${path}/spec.md" download>Markdown</a> <a href="${path}/openapi.json" download>OpenAPI</a></p>`;
  const form = tryForm(terms, path, tried);
  const shown = chapters.toSpliced(chapters.indexOf('Fields'), 0, 'Try it');
  return pageHtml({
    title: `${terms.seller.name} · ${terms.campaign.category} leads`,
    name: terms.campaign.category,
    chapters: shown,
    main: `${downloads}${before}${form}${after}`,
  });
}

/** The page of a link that does not exist or has ended. */
export const endedPage = pageHtml({
  title: 'This link has ended',
  name: 'Specs',
  chapters: [],
  main: `<h1>This link does not exist, or has ended</h1>
<p>Ask the seller who sent it for a new one.</p>`,
});

function splitAt(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at)];
}

function tryForm(terms: SpecTerms, path: string, tried: Tried | undefined): string {
  const { seller: _seller, category: _category, ...lead } = exampleLead(terms);
  const inputs = Object.entries(lead).map(([name, value]) => {
    const id = `try-${escapeHtml(name)}`;
    return `<label for="${id}">${escapeHtml(name)}</label><input id="${id}" name="${escapeHtml(name)}" value="${escapeHtml([value].flat().join(', '))}">`;
  });
  return `<h2 id="try-it">Try it</h2>
<p>This form sends a test lead. It takes test keys only, and stores nothing in your browser.</p>
<form method="post" action="${path}/try#try-it" autocomplete="off">
<label for="try-key">Test key</label><input id="try-key" name="key" type="password" placeholder="gvl_test_…" required>
${inputs.join('\n')}
<button>Send a test lead</button>
</form>
${tried === undefined ? '' : resultHtml(tried)}
`;
}

const resultHtml = ({ status, body }: Tried): string =>
  `<div role="status"><p>The answer, with status <code>${status}</code>:</p><pre tabindex="0"><code>${escapeHtml(body)}</code></pre></div>`;
