import type { Guide } from './guide.js';
import { anchorOf, escapeHtml } from './html.js';
import type { OpenApi } from './openapi.js';
import { referenceHtml } from './reference.js';

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
