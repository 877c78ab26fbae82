/**
 * The import direction of docs/design.md, as a rule that fails the lint step:
 * bench → cli, local → api, activities → store, buyers, temporal → market; workflows → market and the shared names and types.
 * Everybody may read settings, log and measure.
 * Type-only imports are not edges: they vanish before anything runs.
 */
const only = (name, from, ...allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: '^(src|workflows|activities)/', pathNot: [from, ...allowed] },
});

const market = '^src/market/';
const config = '^src/(config|log|metrics)\\.ts$';
const base = ['^src/store/', '^src/buyers/', '^src/temporal/', market, config];

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependency',
      severity: 'error',
      from: { path: '^(src|workflows|activities)/', pathNot: '^src/local/(bootstrap|build|compile)\\.mjs$' },
      to: { dependencyTypes: ['npm-dev'] },
    },
    only('market-is-pure', market),
    {
      name: 'market-does-no-io',
      severity: 'error',
      from: { path: market },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?net$' },
    },
    only('workflows-know-market-and-names', '^workflows/', market, '^src/temporal/(names|bounds)\\.ts$'),
    only('store-knows-market', '^src/store/', market, config),
    only('buyers-know-market', '^src/buyers/', market, config),
    only('temporal-knows-market', '^src/temporal/', market, config),
    only('activities-use-store-buyers-temporal', '^activities/', ...base),
    only('api-uses-store-buyers-temporal', '^src/api/', ...base),
    only('bench-uses-cli-and-local', '^src/bench/', '^src/(cli|local)/', ...base),
    only('bench-workflows-know-names', '^src/bench/workflows/', '^src/temporal/names\\.ts$'),
    {
      name: 'a-simulation-sends-nothing',
      severity: 'error',
      from: { path: '^src/(api/admin/simulate|market/whatIf/|store/read)' },
      to: { reachable: true, path: '^src/(buyers|temporal)/' },
    },
    {
      name: 'nothing-needs-the-bench',
      severity: 'error',
      from: { path: '^(src|workflows|activities)/', pathNot: '^src/bench/' },
      to: { path: '^src/bench/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|\\.local)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs'],
    },
  },
};
