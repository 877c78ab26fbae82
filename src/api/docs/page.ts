import type { Guide } from './guide.js';
import { anchorOf, escapeHtml } from './html.js';
import type { OpenApi, Operation } from './openapi.js';

/** The base URL in the guide’s examples. */
const EXAMPLE_ORIGIN = 'http://127.0.0.1:3000';

/** Renders the docs page: the guide and the API reference. It has no scripts. */
export function renderDocsPage(guide: Guide, document: OpenApi): (origin: string) => string {
  const chapters = [...guide.chapters, 'Reference'];
  const links = chapters.map(
    (chapter) => `<li><a href="#${anchorOf(chapter)}">${escapeHtml(chapter)}</a></li>`,
  );
  const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gavel · Lead API</title>
<link rel="stylesheet" href="/docs/style.css">
<link rel="icon" href="/docs/icon.svg">
</head>
<body>
<nav aria-label="Chapters"><p><strong>Gavel</strong> Lead API</p><ul>${links.join('')}</ul></nav>
<main>
${guide.html}
${referenceHtml(document)}
</main>
</body>
</html>
`;
  // A function, because `$` is special in a replacement string.
  return (origin) => page.replaceAll(EXAMPLE_ORIGIN, () => escapeHtml(origin));
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
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

/** Descriptions use only inline code and line breaks of Markdown. */
const textHtml = (text: string): string =>
  escapeHtml(text)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll('\n', '<br>');
