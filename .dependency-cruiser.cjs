/**
 * The import direction of docs/design.md, as rules that fail `npm run check`. Type-only imports count.
 * Each room may import the rooms that are named for it, and no other. Settings, log and metrics are open to every room.
 */
const room = (name) => (/^(workflows|activities)/.test(name) ? `^${name}/` : `^src/${name}/`);
const BASE = '^src/(config|log|metrics|errorForLog|packageRoot)\\.ts$';

/** From the top of the house to its ground. */
const ROOMS = {
  cli: ['terminal', 'local', 'worker', 'api', 'operations', 'temporal', 'redis', 'buyers', 'store', 'market'],
  local: ['terminal', 'operations', 'store', 'market'],
  terminal: ['store', 'market'],
  worker: ['activities', 'temporal', 'redis', 'buyers', 'store', 'market'],
  workflows: ['activities', 'temporal', 'market'],
  activities: ['buyers', 'store', 'market'],
  api: ['operations', 'temporal', 'redis', 'buyers', 'store', 'market'],
  operations: ['temporal', 'buyers', 'store', 'market'],
  temporal: ['market'],
  redis: ['market'],
  buyers: ['market'],
  store: ['market'],
  market: [],
};

/** The folders of the two largest rooms, from top to bottom: each may import those below it. */
const STORE = ['reports', 'upkeep', 'market', 'keys', 'books', 'fairness', 'sales', 'persons', 'leads'];
const MARKET = [
  'simulate',
  'intake',
  'life',
  'wording',
  'file',
  'protocol',
  'waiting',
  'eligibility',
  'auction',
  'limits',
  'model',
  'mapping',
  'filters',
  'fields',
  'calendar',
];

const roomRules = Object.entries(ROOMS).map(([name, below]) => ({
  name: `${name}-imports-${below.length === 0 ? 'nothing' : 'what-is-below-it'}`,
  severity: 'error',
  from: { path: room(name) },
  to: { path: '^(src|workflows|activities|test|scripts)/', pathNot: [room(name), ...below.map(room), BASE] },
}));

const floorRules = (name, folders) =>
  folders.map((folder, i) => ({
    name: `${name}-${folder}-imports-what-is-below-it`,
    severity: 'error',
    from: { path: `^src/${name}/${folder}/` },
    to: {
      path: `^src/${name}/[^/]+/`,
      pathNot: folders.slice(i).map((below) => `^src/${name}/${below}/`),
    },
  }));

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependency',
      severity: 'error',
      from: { path: '^(src|workflows|activities)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'clients-import-nothing',
      severity: 'error',
      from: { path: '^clients/' },
      to: { pathNot: '^clients/' },
    },
    ...roomRules,
    ...floorRules('store', STORE),
    ...floorRules('market', MARKET),
    {
      name: 'market-does-no-io',
      severity: 'error',
      from: { path: room('market') },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?net$' },
    },
    {
      name: 'workflows-know-only-names-and-bounds-of-temporal',
      severity: 'error',
      from: { path: room('workflows') },
      to: { path: room('temporal'), pathNot: '^src/temporal/(names|sizeLimits)\\.ts$' },
    },
    {
      // Workflow code runs in Temporal's sandbox: an activity is called by its name, and only its types are imported.
      name: 'workflows-import-only-types-of-activities',
      severity: 'error',
      from: { path: room('workflows') },
      to: { path: room('activities'), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'a-simulation-sends-nothing',
      severity: 'error',
      from: { path: '^src/operations/simulate/' },
      to: { path: '^src/(buyers|temporal)/' },
    },
    {
      name: 'bench-workflows-know-names',
      severity: 'error',
      from: { path: '^test/bench/workflows/' },
      to: { path: '^(src|workflows|activities)/', pathNot: '^src/temporal/names\\.ts$' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|\\.local)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.d.ts', '.mts'],
    },
  },
};
