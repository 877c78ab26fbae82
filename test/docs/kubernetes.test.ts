import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import Type from 'typebox';
import Value from 'typebox/value';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { ApiContext } from '../../src/api/context.js';
import { healthRoutes } from '../../src/api/routes/healthRoutes.js';
import { apiGraceMs } from '../../src/cli/commands/services/apiCommands.js';
import { WORKER_GRACE_MS } from '../../src/cli/commands/services/workerCommand.js';
import { gavelProgram } from '../../src/cli/program.js';
import { readSettings, SECRET_SETTINGS, Settings, SETTINGS } from '../../src/config.js';
import { packageRoot } from '../../src/packageRoot.js';
import { readPage } from './page.js';

const folder = join(packageRoot, 'deploy', 'kustomize');
const read = (path: string): string => readFileSync(join(folder, path), 'utf8');

const Labels = Type.Record(Type.String(), Type.String());
const Probe = Type.Object({ httpGet: Type.Object({ path: Type.String(), port: Type.String() }) });
const Container = Type.Object({
  image: Type.Literal('gavel'),
  args: Type.Array(Type.String()),
  envFrom: Type.Tuple([Type.Object({ configMapRef: Type.Object({ name: Type.String() }) })]),
  env: Type.Array(Type.Object({ name: Type.String() })),
  ports: Type.Array(Type.Object({ name: Type.String(), containerPort: Type.Integer() })),
  startupProbe: Probe,
  livenessProbe: Probe,
  readinessProbe: Type.Optional(Probe),
  resources: Type.Object({
    requests: Type.Object({ cpu: Type.String(), memory: Type.String() }),
    limits: Type.Object({ cpu: Type.String(), memory: Type.String() }),
  }),
  securityContext: Type.Object({
    allowPrivilegeEscalation: Type.Literal(false),
    readOnlyRootFilesystem: Type.Literal(true),
    capabilities: Type.Object({ drop: Type.Tuple([Type.Literal('ALL')]) }),
  }),
  volumeMounts: Type.Tuple([
    Type.Object({ name: Type.String(), mountPath: Type.String(), readOnly: Type.Literal(true) }),
  ]),
});
const Deployment = Type.Object({
  kind: Type.Literal('Deployment'),
  metadata: Type.Object({ name: Type.String() }),
  spec: Type.Object({
    replicas: Type.Optional(Type.Integer()),
    selector: Type.Object({ matchLabels: Labels }),
    template: Type.Object({
      metadata: Type.Object({ labels: Labels }),
      spec: Type.Object({
        automountServiceAccountToken: Type.Literal(false),
        terminationGracePeriodSeconds: Type.Integer(),
        securityContext: Type.Object({
          runAsNonRoot: Type.Literal(true),
          runAsUser: Type.Integer({ minimum: 1 }),
          seccompProfile: Type.Object({ type: Type.Literal('RuntimeDefault') }),
        }),
        containers: Type.Tuple([Container]),
        volumes: Type.Tuple([
          Type.Object({ name: Type.String(), secret: Type.Object({ secretName: Type.String() }) }),
        ]),
      }),
    }),
  }),
});
const Service = Type.Object({
  kind: Type.Literal('Service'),
  spec: Type.Object({ selector: Labels, ports: Type.Array(Type.Object({ targetPort: Type.String() })) }),
});
const Autoscaler = Type.Object({
  kind: Type.Literal('HorizontalPodAutoscaler'),
  spec: Type.Object({ scaleTargetRef: Type.Object({ kind: Type.String(), name: Type.String() }) }),
});
const DisruptionBudget = Type.Object({
  kind: Type.Literal('PodDisruptionBudget'),
  spec: Type.Object({ selector: Type.Object({ matchLabels: Labels }) }),
});
const NetworkPolicy = Type.Object({
  kind: Type.Literal('NetworkPolicy'),
  spec: Type.Object({
    podSelector: Type.Object({ matchLabels: Labels }),
    ingress: Type.Array(Type.Object({ ports: Type.Array(Type.Object({ port: Type.Integer() })) })),
  }),
});
const KINDS = { Deployment, Service, Autoscaler, DisruptionBudget, NetworkPolicy };

const Kustomization = Type.Object({
  resources: Type.Array(Type.String()),
  labels: Type.Optional(Type.Array(Type.Object({ pairs: Labels }))),
  configMapGenerator: Type.Tuple([
    Type.Object({
      name: Type.String(),
      behavior: Type.Optional(Type.String()),
      envs: Type.Array(Type.String()),
    }),
  ]),
});
const kustomizationOf = (name: string) =>
  Value.Parse(Kustomization, parse(read(`${name}/kustomization.yaml`)));

const base = kustomizationOf('base');
const example = kustomizationOf('example');
const objects: unknown[] = base.resources.flatMap((file) =>
  read(`base/${file}`)
    .split(/^---$/m)
    .map((document): unknown => parse(document)),
);
const all = <T extends Type.TSchema>(schema: T): Type.Static<T>[] =>
  objects.filter((object): object is Type.Static<T> => Value.Check(schema, object));
const deployments = all(Deployment).map((one) => ({
  name: one.metadata.name,
  ...one.spec,
  pod: one.spec.template.spec,
}));

/** The lines NAME=VALUE. */
const settingsIn = (file: string): Record<string, string> =>
  Object.fromEntries(
    [...read(file).matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
const ofBase = settingsIn('base/settings.env');
const ofExample = { ...ofBase, ...settingsIn('example/settings.env') };

/** Where the Secret is mounted. */
const SECRETS = '/run/secrets/gavel/';

describe('deploy/kustomize', () => {
  test('has no file that is not used', () => {
    expect(readdirSync(join(folder, 'base')).toSorted()).toEqual(
      ['kustomization.yaml', 'settings.env', ...base.resources].toSorted(),
    );
    expect(example.resources).toEqual(['../base']);
    expect(example.configMapGenerator).toEqual([
      { ...base.configMapGenerator[0], behavior: 'merge', envs: ['settings.env'] },
    ]);
  });

  test('has only objects of these kinds, each in the form that is tested here', () => {
    expect(Object.values(KINDS).reduce((count, kind) => count + all(kind).length, 0)).toBe(objects.length);
    expect(deployments.map(({ name }) => name)).toEqual(['gavel-serve', 'gavel-worker', 'gavel-admin']);
  });

  test.each([
    ['base', ofBase],
    ['example', ofExample],
  ])('sets valid settings: %s', (_name, settings) => {
    const known = new Set<string>([
      ...SETTINGS,
      ...SECRET_SETTINGS.map((name) => `${name}_FILE`),
      'NODE_OPTIONS',
    ]);
    expect(Object.keys(settings).filter((name) => !known.has(name))).toEqual([]);
    const read = readSettings(withFiles(settings), {});
    expect(read).toMatchObject({ HOST: '0.0.0.0', ADMIN_HOST: '0.0.0.0' });
  });

  test('takes secrets from files of the Secret that the page creates', () => {
    const named = Object.entries(ofExample).filter(([name]) => /_(FILE|PATH)$/.test(name));
    const [page = ''] = readPage('docs/scaling.md').codes.flatMap(({ text }) =>
      text.includes('create secret generic gavel') ? [text] : [],
    );
    const files = [...page.matchAll(/--from-file=(\w+)=/g)].map(([, file]) => `${SECRETS}${file}`);
    expect(files.toSorted()).toEqual(named.map(([, path]) => path).toSorted());
    for (const { pod } of deployments) {
      expect(`${pod.containers[0].volumeMounts[0].mountPath}/`).toBe(SECRETS);
      expect(pod.volumes[0].secret.secretName).toBe('gavel');
      expect(pod.containers[0].volumeMounts[0].name).toBe(pod.volumes[0].name);
    }
  });

  test.each(deployments)('$name runs an existing command with the settings', async ({ pod }) => {
    const [{ args, envFrom, env }] = pod.containers;
    expect((await gavelProgram(args)).commands.map((command) => command.name())).toEqual(args);
    expect(envFrom[0].configMapRef.name).toBe(base.configMapGenerator[0].name);
    expect(env.map(({ name }) => name)).toEqual(['METRICS_HOST']);
    expect(SETTINGS).toContain('METRICS_HOST');
  });

  test.each(deployments)('$name is asked on the ports and paths of the process', async ({ name, pod }) => {
    const [{ ports, startupProbe, livenessProbe, readinessProbe }] = pod.containers;
    const settings = readSettings(withFiles(ofBase), {});
    const listens = {
      'gavel-serve': { http: settings.PORT, metrics: settings.METRICS_PORT },
      'gavel-worker': { metrics: settings.METRICS_PORT },
      'gavel-admin': { http: settings.ADMIN_PORT, metrics: settings.METRICS_PORT },
    }[name];
    expect(Object.fromEntries(ports.map((port) => [port.name, port.containerPort]))).toEqual(listens);
    const app = Fastify();
    await healthRoutes(app, { context: {} as ApiContext });
    for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
      if (probe === undefined) continue;
      const { path, port } = probe.httpGet;
      if (port === 'metrics') expect(path).toBe('/metrics');
      else expect(app.hasRoute({ method: 'GET', url: path })).toBe(true);
    }
  });

  test('gives each process the time that it takes to stop', () => {
    const longest = 60_000;
    expect(Value.Check(Settings.properties.ANSWER_WINDOW_MS, longest + 1)).toBe(false);
    const api = apiGraceMs({ ...readSettings(withFiles(ofBase), {}), ANSWER_WINDOW_MS: longest });
    const seconds = Object.fromEntries(
      deployments.map(({ name, pod }) => [name, pod.terminationGracePeriodSeconds]),
    );
    expect(seconds['gavel-serve']).toBeGreaterThanOrEqual((api + WORKER_GRACE_MS) / 1000);
    expect(seconds['gavel-worker']).toBeGreaterThanOrEqual(WORKER_GRACE_MS / 1000);
  });

  test('selects existing pods, ports and deployments', () => {
    const given = base.labels?.[0]?.pairs ?? {};
    const podsOf = (wanted: Record<string, string>): string[] =>
      deployments
        .filter(({ template }) => {
          const labels: Record<string, string> = { ...given, ...template.metadata.labels };
          return Object.entries(wanted).every(([name, value]) => labels[name] === value);
        })
        .map(({ name }) => name);
    for (const { name, selector } of deployments) expect(podsOf(selector.matchLabels)).toEqual([name]);
    for (const { spec } of all(DisruptionBudget)) expect(podsOf(spec.selector.matchLabels)).toHaveLength(1);
    for (const { spec } of all(Autoscaler)) {
      const target = deployments.find(({ name }) => name === spec.scaleTargetRef.name);
      // An autoscaler sets the number of pods, and a number in the file would reset it.
      expect([target?.name, target?.replicas]).toEqual([spec.scaleTargetRef.name, undefined]);
    }
    const portsOf = (names: string[]) =>
      deployments.filter(({ name }) => names.includes(name)).flatMap(({ pod }) => pod.containers[0].ports);
    for (const { spec } of all(Service)) {
      const names = portsOf(podsOf(spec.selector)).map(({ name }) => name);
      for (const { targetPort } of spec.ports) expect(names).toContain(targetPort);
    }
    for (const { spec } of all(NetworkPolicy)) {
      const open = portsOf(podsOf(spec.podSelector.matchLabels)).map(({ containerPort }) => containerPort);
      for (const { port } of spec.ingress.flatMap(({ ports }) => ports)) expect(open).toContain(port);
    }
  });
});

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'gavel-kubernetes-'));
  writeFileSync(join(dir, 'MASTER_KEYS'), `one:${Buffer.alloc(32).toString('base64')}`);
  writeFileSync(join(dir, 'other'), 'secret');
});
afterAll(() => rmSync(dir, { recursive: true }));

/** The settings, with files that exist. */
const withFiles = (settings: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settings).map(([name, value]) => {
      if (!value.startsWith(SECRETS)) return [name, value];
      return [name, join(dir, name === 'MASTER_KEYS_FILE' ? 'MASTER_KEYS' : 'other')];
    }),
  );
