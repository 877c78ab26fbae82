export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The anchor of a heading: "Wait less" → `wait-less`. */
export function anchorOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** Code as HTML, with strings and comments highlighted. */
export function codeHtml(code: string): string {
  const parts = /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)|((?<=^|\s)(?:#|\/\/) .*$)/gm;
  let html = '';
  let from = 0;
  for (const match of code.matchAll(parts)) {
    const [text, isString] = match;
    html += escapeHtml(code.slice(from, match.index));
    html += `<span class="${isString === undefined ? 'comment' : 'string'}">${escapeHtml(text)}</span>`;
    from = match.index + text.length;
  }
  return html + escapeHtml(code.slice(from));
}
