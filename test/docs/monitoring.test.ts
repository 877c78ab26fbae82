import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../../src/packageRoot.js';
import { emptyDir } from '../local/helpers.js';
import { anchorOf, inCode, readPage, rowsOf } from './page.js';

const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');
const page = readPage('docs/monitoring.md');

interface Rule {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; page: string };
}
const { groups } = parse(read('deploy/prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

interface Panel {
  id: number;
  title: string;
  targets?: { expr: string }[];
}
const { panels } = JSON.parse(read('deploy/grafana/gavel.json')) as { panels: Panel[] };

/** The metrics in an expression, named as in docs/monitoring.md. */
const metricsIn = (expression: string): string[] =>
  [...expression.matchAll(/\b(?:gavel|nodejs|process)_\w+/g)].map(([name]) =>
    name.replace(/_(count|bucket|sum)$/, ''),
  );

describe.each([
  ['an alert', rules.map(({ alert, expr }) => [alert, expr] as const)],
  [
    'the dashboard',
    panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
  ],
])('What %s asks for', (_what, expressions) => {
  const known = rowsOf(page, 'metric').flat();
  test.each(expressions)('is measured: %s', (_name, expression) => {
    expect(known).toEqual(expect.arrayContaining(metricsIn(expression).map(inCode)));
  });
});

describe('The alerts', () => {
  test('are those of docs/monitoring.md, with their severity', () => {
    const documented = rowsOf(page, 'alert', 2).map(([name, severity]) => [name, severity]);
    expect(documented.sort()).toEqual(
      rules.map(({ alert, labels }) => [inCode(alert), labels.severity]).sort(),
    );
  });

  test.each(rules)('name a section to read: $alert', ({ annotations }) => {
    const [path = '', anchor] = annotations.page.split('#');
    expect(existsSync(join(packageRoot, path))).toBe(true);
    if (anchor !== undefined) expect(readPage(path).headings.map(anchorOf)).toContain(anchor);
  });

  test('contain no personal data: they only count leads', () => {
    for (const { annotations } of rules)
      expect(annotations.summary).not.toMatch(/\$labels\.(lead|phone|email)/);
  });

  const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
  test.runIf(hasPromtool)('fire when they should, and only then', () => {
    const ran = spawnSync('promtool', ['test', 'rules', 'alerts.test.yml'], {
      cwd: join(packageRoot, 'deploy/prometheus'),
      encoding: 'utf8',
    });
    expect(ran).toMatchObject({ status: 0 });
  });
});

describe('Prometheus in the compose file', () => {
  const { scrape_configs: jobs } = parse(read('deploy/prometheus/prometheus.yml')) as {
    scrape_configs: { job_name: string; static_configs?: { targets: string[] }[] }[];
  };
  const { services } = parse(read('docker-compose.yml'), { merge: true }) as {
    services: Record<string, { command?: string[] }>;
  };

  test.each([
    ['api', 'serve'],
    ['admin', 'admin'],
  ])('scrapes each %s by name, so that a missing container is noticed', (job, command) => {
    const names = Object.keys(services).filter((name) => services[name]?.command?.[0] === command);
    const targets = jobs
      .find(({ job_name }) => job_name === job)
      ?.static_configs?.flatMap((one) => one.targets);
    expect(targets).toEqual(names.map((name) => `${name}:9464`));
  });

  const hasAmtool = spawnSync('amtool', ['--version']).status === 0;
  test.runIf(hasAmtool)('routes alerts with valid rules, and the heartbeat separately', () => {
    // `url_file` is unknown to releases before 0.26, which Debian has.
    const file = join(emptyDir(), 'alertmanager.yml');
    const text = read('deploy/prometheus/alertmanager.yml');
    writeFileSync(file, text.replace('url_file: /run/secrets/alert_webhook_url', 'url: http://127.0.0.1/'));
    const amtool = (...args: string[]) => spawnSync('amtool', args, { encoding: 'utf8' });
    expect(amtool('check-config', file)).toMatchObject({ status: 0 });
    const receiverOf = (alert: string): string =>
      amtool('config', 'routes', 'test', `--config.file=${file}`, `alertname=${alert}`).stdout.trim();
    expect(['GavelAlertsWork', 'GavelNoApi', 'GavelTest'].map(receiverOf)).toEqual([
      'heartbeat',
      'ops',
      'ops',
    ]);
  });
});

test('Every alert in docs/monitoring.md exists', () => {
  const names = rules.map(({ alert }) => alert);
  const named = [...read('docs/monitoring.md').matchAll(/Alerts? `(\w+)`/g)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(2);
  expect(names).toEqual(expect.arrayContaining(named));
});

test('The dashboard has panels with unique ids and queries', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  expect(panels.filter(({ targets }) => targets !== undefined).length).toBeGreaterThan(15);
});
