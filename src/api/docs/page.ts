import type { RenderedPage } from './guide.js';
import { anchorOf, escapeHtml } from './html.js';
import type { OpenApi, Operation } from './openapi.js';

/** The base URL in the guide’s examples. */
export const EXAMPLE_ORIGIN = 'http://127.0.0.1:3000';

/** Renders the docs page: the guide and the API reference. It has no scripts. */
export function renderDocsPage(
  guide: Pick<RenderedPage, 'html' | 'chapters'>,
  document: OpenApi,
): (origin: string) => string {
  const page = pageHtml({
    title: 'Gavel · Lead API',
    name: 'Lead API',
    chapters: [...guide.chapters, 'Reference'],
    main: `${guide.html}\n${referenceHtml(document)}`,
  });
  // A function, because `$` is special in a replacement string.
  return (origin) => page.replaceAll(EXAMPLE_ORIGIN, () => escapeHtml(origin));
}

interface PageParts {
  title: string;
  /** Beside the name of the product, in the navigation. */
  name: string;
  chapters: readonly string[];
  /** HTML. */
  main: string;
}

/** A page with a navigation, without scripts. */
export function pageHtml({ title, name, chapters, main }: PageParts): string {
  const links = chapters.map(
    (chapter) => `<li><a href="#${anchorOf(chapter)}">${escapeHtml(chapter)}</a></li>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" href="/docs/style.css">
<link rel="icon" href="/docs/icon.svg">
</head>
<body>
<nav aria-label="Chapters"><p><strong>Gavel</strong> ${escapeHtml(name)}</p>${links.length > 0 ? `<ul>${links.join('')}</ul>` : ''}</nav>
<main>
${main}
</main>
</body>
</html>
`;
}

function referenceHtml({ paths }: OpenApi): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { tags }]) => tags.includes(SOURCES))
      .map(([method, operation]) => operationHtml(method, path, operation)),
  );
  return `<h2 id="reference">Reference</h2>
<p>For tools: <a href="/docs/openapi.json">OpenAPI 3.1</a>, which also has the operations of buyers and operators.</p>
${operations.join('\n')}`;
}

/** The tag of sources’ operations. Buyers and operators have other pages. */
const SOURCES = 'Leads';

function operationHtml(method: string, path: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map(
    ({ name, in: place, description = '' }) =>
      `<tr><td><code>${escapeHtml(name)}</code></td><td>${place}</td><td>${textHtml(description)}</td></tr>`,
  );
  const answers = Object.entries(operation.responses).map(
    ([status, { description }]) => `<tr><td>${status}</td><td>${textHtml(description)}</td></tr>`,
  );
  return `<section class="operation">
<h3 id="${escapeHtml(operation.operationId)}"><b class="${method}">${method.toUpperCase()}</b> <code>${escapeHtml(path)}</code></h3>
<p>${escapeHtml(operation.summary)}</p>
${parameters.length > 0 ? tableHtml(['parameter', 'in', 'description'], parameters) : ''}
${tableHtml(['status', 'when'], answers)}
</section>`;
}

function tableHtml(header: string[], rows: string[]): string {
  const head = header.map((text) => `<th>${text}</th>`).join('');
  return `<div class="wide" tabindex="0" role="group" aria-label="Table: ${header.join(', ')}"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

/** Descriptions use only inline code and line breaks of Markdown. */
const textHtml = (text: string): string =>
  escapeHtml(text)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll('\n', '<br>');
