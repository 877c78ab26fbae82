import { createHash } from 'node:crypto';
import { renderMarkdown } from '../docs/guide.js';
import { anchorOf, codeHtml, escapeHtml } from '../docs/html.js';
import { pageHtml } from '../docs/page.js';
import { SANDBOX } from '../../market/model/sandbox.js';
import { campaignFields, exampleLead, type CampaignField, type SpecTerms } from './campaignFields.js';

/** The result of a lead that was sent from the page. */
export interface Tried {
  status: number;
  body: string;
  /** The form as it was sent. */
  sent: ReadonlyMap<string, string>;
  /** Only if it has the form of a test key; no other key is shown again. */
  testKey?: string;
}

interface Options {
  terms: SpecTerms;
  markdown: string;
  /** Path of the page. */
  path: string;
  tried?: Tried;
}

/** The chapter that follows the form. */
const AFTER_FORM = 'From a form builder';

/**
 * Adds buttons that copy an example. Browsers have a clipboard for scripts only on https and on this machine; without it,
 * the page stays as it is.
 */
const SCRIPT = `for (const box of navigator.clipboard ? document.querySelectorAll('.tabs, main > pre.sh') : []) {
  const button = document.createElement('button');
  button.className = 'copy';
  button.type = 'button';
  button.textContent = 'Copy';
  button.onclick = async () => {
    const code = [...box.querySelectorAll('code')].find((one) => one.offsetParent !== null);
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = 'Copied';
    setTimeout(() => (button.textContent = 'Copy'), 2000);
  };
  box.append(button);
}`;

/** The source of the page's script in a Content-Security-Policy. */
export const SCRIPT_SOURCE = `'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`;

/** The specs as a page that needs no scripts: the Markdown, and a form that sends a test lead. */
export function specPage({ terms, markdown, path, tried }: Options): string {
  const { html, chapters } = renderMarkdown(markdown);
  const [before, after] = splitAt(html, `<h2 id="${anchorOf(AFTER_FORM)}">`);
  const downloads = `<p class="downloads"><a href="${path}/spec.md" download>Markdown</a> <a href="${path}/openapi.json" download>OpenAPI</a></p>`;
  const form = tryForm(terms, path, tried);
  const shown = chapters.toSpliced(chapters.indexOf(AFTER_FORM), 0, 'Try it');
  return pageHtml({
    title: `${terms.seller.name} · ${terms.campaign.category} leads`,
    name: terms.campaign.category,
    chapters: shown,
    main: `${downloads}${before}${form}${after}<script>${SCRIPT}</script>`,
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
  const fields = new Map(campaignFields(terms).map((field) => [field.name, field]));
  const inputs = Object.entries(lead).map(([name, example]) => {
    const value = tried?.sent.get(name) ?? [example].flat().join(', ');
    return inputHtml(name, value, choicesOf(fields.get(name)));
  });
  return `<h2 id="try-it">Try it</h2>
<p>This form sends a test lead. It takes test keys only, and stores nothing in your browser.</p>
${tried === undefined ? '' : answerHtml(tried)}
<form method="post" action="${path}/try#answer" autocomplete="off">
<label for="try-key">Test key</label><input id="try-key" name="key" class="secret" value="${escapeHtml(tried?.testKey ?? '')}" placeholder="gvl_test_…" autocapitalize="none" spellcheck="false" required>
${inputs.join('\n')}
<button>Send a test lead</button>
</form>
`;
}

/** Suggested values, each with what it does. */
const choicesOf = (field: CampaignField | undefined): [value: string, about: string][] =>
  field?.name === 'zip' && field.values === undefined
    ? Object.entries(SANDBOX).map(([zip, { about }]) => [zip, about.replaceAll('`', '')])
    : (field?.values ?? []).map((value) => [value, '']);

function inputHtml(name: string, value: string, choices: [value: string, about: string][]): string {
  const id = `try-${escapeHtml(name)}`;
  const options = choices.map(
    ([one, about]) => `<option value="${escapeHtml(one)}">${escapeHtml(about)}</option>`,
  );
  const list = options.length > 0 ? ` list="${id}-list"` : '';
  const datalist = options.length > 0 ? `<datalist id="${id}-list">${options.join('')}</datalist>` : '';
  return `<label for="${id}">${escapeHtml(name)}</label><input id="${id}" name="${escapeHtml(name)}" value="${escapeHtml(value)}"${list}>${datalist}`;
}

/** Above the form, and focused by the fragment of the form's address. */
const answerHtml = ({ status, body }: Tried): string =>
  `<div id="answer" role="status" tabindex="-1"><p>The answer, with status <code>${status}</code>:</p><pre tabindex="0"><code>${codeHtml(body)}</code></pre></div>`;
