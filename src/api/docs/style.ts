export const style = `
:root {
  color-scheme: light dark;
  --ink: #1c2430; --faint: #5b6675; --paper: #ffffff; --panel: #f6f7f9; --line: #dfe3e8; --edge: #7b8694;
  --accent: #0b5fc0; --string: #0a6b45; --good: #0a6b45; --shade: #1c243059;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #dfe5ec; --faint: #97a3b1; --paper: #14181e; --panel: #1c222a; --line: #313a45; --edge: #75818f;
    --accent: #7db4ff; --string: #7fd1a6; --good: #7fd1a6; --shade: #dfe5ec59;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1.5rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; display: grid; grid-template-columns: 15rem minmax(0, 1fr);
  font: 16px/1.6 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
  color: var(--ink); background: var(--paper);
}
nav { position: sticky; top: 0; align-self: start; height: 100vh; overflow: auto; padding: 2rem 1.5rem; border-right: 1px solid var(--line); }
nav p { margin: 0 0 1rem; color: var(--faint); }
nav strong { color: var(--ink); }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a { display: block; padding: 0.3rem 0; color: var(--faint); text-decoration: none; font-size: 0.95rem; }
nav a:hover, nav a:focus-visible { color: var(--accent); }
main { width: 100%; max-width: 54rem; padding: 2rem 3rem 6rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 1rem; letter-spacing: -0.02em; }
h2 { font-size: 1.4rem; line-height: 1.3; margin: 3.5rem 0 1rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 2.25rem 0 0.75rem; }
a { color: var(--accent); }
code, pre { font: 0.875em/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace; }
:not(pre) > code { background: var(--panel); border: 1px solid var(--line); border-radius: 4px; padding: 0.1em 0.35em; overflow-wrap: anywhere; }
pre code { font-size: inherit; }
pre { margin: 1rem 0; padding: 1rem 1.25rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; }
.string { color: var(--string); }
.comment { color: var(--faint); }
/* A shadow at each edge beyond which a table scrolls. */
.wide {
  overflow-x: auto; margin: 1rem 0; background-repeat: no-repeat;
  background-image: linear-gradient(to right, var(--paper) 40%, transparent), linear-gradient(to left, var(--paper) 40%, transparent),
    linear-gradient(to right, var(--shade), transparent), linear-gradient(to left, var(--shade), transparent);
  background-position: left, right, left, right; background-size: 2.5rem 100%, 2.5rem 100%, 0.75rem 100%, 0.75rem 100%;
  background-attachment: local, local, scroll, scroll;
}
table { width: 100%; border-collapse: collapse; font-size: 0.925rem; }
th { text-align: left; font-weight: 600; color: var(--faint); }
td:not(:last-child) code { overflow-wrap: normal; }
th, td { padding: 0.5rem 1rem 0.5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td:first-child code { white-space: nowrap; }
.operation th:first-child { width: 9rem; }
.tabs { position: relative; margin: 1rem 0; border: 1px solid var(--line); border-radius: 8px; background: var(--panel); overflow: hidden; }
.tabs [role='radiogroup'] { display: flex; gap: 0.25rem; padding: 0 0.75rem; border-bottom: 1px solid var(--line); }
.tabs label { padding: 0.6rem 0.75rem; cursor: pointer; color: var(--faint); border-bottom: 2px solid transparent; font-size: 0.925rem; }
.tabs label:has(:checked) { color: var(--ink); font-weight: 600; border-color: var(--accent); }
.tabs label:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: -2px; }
.tabs input { position: absolute; opacity: 0; }
.tabs pre { display: none; margin: 0; border: 0; border-radius: 0; }
.tabs:has([value='sh']:checked) .sh, .tabs:has([value='js']:checked) .js,
.tabs:has([value='php']:checked) .php, .tabs:has([value='python']:checked) .python { display: block; }
pre.sh { position: relative; }
pre:has(> .copy) { padding-right: 5rem; }
.copy { position: absolute; top: 0.5rem; right: 0.5rem; font: 0.8rem/1.4 system-ui, sans-serif; padding: 0.2rem 0.6rem; color: var(--accent); background: var(--paper); border: 1px solid var(--edge); border-radius: 6px; cursor: pointer; }
.copy:focus-visible, .wide:focus-visible, pre:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
form { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.5rem 1rem; align-items: center; margin: 1rem 0; }
form label { color: var(--faint); font-size: 0.925rem; }
form input { font: inherit; width: 100%; padding: 0.35rem 0.5rem; color: inherit; background: var(--panel); border: 1px solid var(--edge); border-radius: 6px; }
form ::placeholder { color: var(--faint); opacity: 1; }
/* Not type=password: browsers would offer to save the key. */
form .secret { -webkit-text-security: disc; }
[role='status'] { outline: none; border-left: 3px solid var(--accent); padding-left: 1rem; }
form button { grid-column: 2; justify-self: start; font: inherit; padding: 0.45rem 1rem; color: var(--paper); background: var(--accent); border: 0; border-radius: 6px; cursor: pointer; }
form :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.downloads { float: right; margin: 0.5rem 0 0 1rem; }
.operation h3 b { color: var(--paper); background: var(--accent); border-radius: 4px; padding: 0.15rem 0.5rem; font-size: 0.75rem; vertical-align: 0.1em; }
.operation h3 b.get { background: var(--good); }
.operation h3 code { background: none; border: 0; font-size: 1rem; }
@media (max-width: 52rem) {
  body { display: block; }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); padding: 1rem 1.25rem; }
  nav ul { display: flex; flex-wrap: wrap; gap: 0 1rem; }
  main { padding: 1.5rem 1.25rem 4rem; }
  td:last-child { min-width: 10rem; }
  form { grid-template-columns: minmax(0, 1fr); gap: 0.25rem; }
  form button { grid-column: 1; margin-top: 0.75rem; }
  pre { padding: 0.75rem; font-size: 0.8em; }
  .downloads { float: none; margin: 0 0 1rem; }
}
`;

export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b5fc0"/><path fill="#fff" d="m9 12 7-7 4 4-7 7zM15 14l2-2 9 9-2 2zM6 24h12v3H6z"/></svg>`;
