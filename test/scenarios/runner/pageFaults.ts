import { readDocument } from '../../../src/market/file/document.js';
import { byPosition, faultText, pathText, type Fault, type Path } from '../../../src/market/file/fault.js';
import { isMap } from '../../../src/market/file/keys.js';
import type { MarketInScenario } from './composeMarket.js';
import type { ScenarioPage } from './schema.js';

/**
 * The error of a scenario whose terms are no valid market. It names the lines of the scenario's page, since nobody can
 * open the composed market file.
 * @param composed the market file in which the faults were found
 */
export function marketError(terms: MarketInScenario, composed: string, faults: readonly Fault[]): Error {
  const { page } = terms;
  const lines =
    page === undefined
      ? [...faults.map((fault) => faultText('market', fault)), '', composed]
      : faults
          .map((fault) => onPage(terms, page, composed, fault))
          .sort(byPosition)
          .map((fault) => faultText(page.file, fault));
  return new Error(['The scenario’s terms are not a valid market:', ...lines].join('\n'));
}

function onPage(terms: MarketInScenario, page: ScenarioPage, composed: string, fault: Fault): Fault {
  const path = pathOnPage(terms, page, composed, fault);
  const position = page.locate(path, isOfKey(composed, fault) ? 'key' : 'value');
  return { ...position, path: pathText(path), message: fault.message };
}

/** The path of a fault in the scenario: in its first terms, or in those of the step that have the value at fault. */
function pathOnPage(
  terms: MarketInScenario,
  { scenario }: ScenarioPage,
  composed: string,
  { path }: Fault,
): Path {
  const inTerms = pathInTerms(composed, stepsOf(path));
  const top = inTerms.slice(0, inTerms[0] === 'buyers' ? 3 : 2);
  const steps = (scenario.then ?? []).map((_, i) => ['then', i, 'market']);
  const from = [[], ...steps].find((start) => {
    const value = at(scenario, [...start, ...top]);
    return value !== undefined && value === at(terms, top);
  });
  return [...(from ?? []), ...inTerms];
}

/** `campaigns[0].contracts[1].price` of the composed market file is `contracts.northwind.price` of the scenario. */
function pathInTerms(composed: string, path: Path): Path {
  const document = readDocument(composed);
  const market = 'value' in document ? document.value : undefined;
  const [list, i = 0, key, j = 0, ...rest] = path;
  const nameAt = (...of: Path): string => String(at(market, of));
  if (list === 'sellers') return ['seller', ...path.slice(2)];
  if (list === 'buyers') return ['buyers', nameAt(list, i, 'id'), ...path.slice(2)];
  if (list !== 'campaigns') return path;
  const inCampaign = key === 'contracts' ? [key, nameAt(list, i, key, j, 'buyer'), ...rest] : path.slice(2);
  if (i !== 0) return ['campaigns', nameAt(list, i, 'category'), ...inCampaign];
  return key === 'contracts' ? inCampaign : ['campaign', ...inCampaign];
}

function isOfKey(composed: string, { path, line, column }: Fault): boolean {
  const document = readDocument(composed);
  if (!('locate' in document)) return false;
  const key = document.locate(stepsOf(path), 'key');
  return key.line === line && key.column === column;
}

/** `campaigns[0].category` as a path. */
const stepsOf = (path: string): Path =>
  [...path.matchAll(/\[(\d+)\]|[^.[]+/g)].map(([step, i]) => (i === undefined ? step : Number(i)));

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((found, step) => {
    if (Array.isArray(found)) return (found as unknown[])[Number(step)];
    return isMap(found) ? found[step] : undefined;
  }, value);
