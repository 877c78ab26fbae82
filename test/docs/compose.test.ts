import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Type from 'typebox';
import { Compile } from 'typebox/schema';
import Value from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { SETTINGS } from '../../src/config.js';
import { packageRoot } from '../../src/local/packageRoot.js';

const text = readFileSync(join(packageRoot, 'docker-compose.yml'), 'utf8');
const file: unknown = parse(text, { merge: true });

const Texts = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]));
const Service = Type.Object({
  image: Type.String(),
  build: Type.Optional(Type.Object({ target: Type.String() })),
  restart: Type.Optional(Type.String()),
  read_only: Type.Optional(Type.Boolean()),
  cap_drop: Type.Optional(Type.Array(Type.String())),
  networks: Type.Array(Type.String()),
  environment: Type.Optional(Texts),
  ports: Type.Optional(Type.Array(Type.String())),
  volumes: Type.Optional(Type.Array(Type.String())),
  configs: Type.Optional(Type.Array(Type.Object({ source: Type.String() }))),
  depends_on: Type.Optional(Type.Record(Type.String(), Type.Object({ condition: Type.String() }))),
  healthcheck: Type.Optional(
    Type.Union([
      Type.Object({ test: Type.Array(Type.String()) }),
      Type.Object({ disable: Type.Literal(true) }),
    ]),
  ),
  stop_grace_period: Type.Optional(Type.String()),
});

/** What of the file is looked at here. */
const Compose = Type.Object({
  services: Type.Record(Type.String(), Service),
  networks: Type.Record(Type.String(), Type.Unknown()),
  volumes: Type.Record(Type.String(), Type.Unknown()),
  configs: Type.Record(Type.String(), Type.Unknown()),
});

const compose = Value.Parse(Compose, file);
const services = Object.entries(compose.services);
const dockerfile = readFileSync(join(packageRoot, 'Dockerfile'), 'utf8');
const example = readFileSync(join(packageRoot, '.env.example'), 'utf8');

/** Ours are built here, the others are somebody's. */
const ours = services.filter(([, service]) => service.build !== undefined);

describe('docker-compose.yml', () => {
  test('is valid by the schema of the Compose specification', () => {
    const schema = readFileSync(new URL('compose-spec.json', import.meta.url), 'utf8');
    const [isValid, errors] = Compile(JSON.parse(schema) as Type.TSchema).Errors(file);
    expect(errors.map(({ instancePath, message }) => `${instancePath} ${message}`)).toEqual([]);
    expect(isValid).toBe(true);
  });

  test('pins every image to a version', () => {
    for (const [, { image }] of services) expect(image).toMatch(/^[\w./-]+:\d+\.\d+[\w.-]*$/);
  });

  test('refers only to services, networks, volumes and configs that it has', () => {
    for (const [, service] of services) {
      expect(Object.keys(compose.services)).toEqual(
        expect.arrayContaining(Object.keys(service.depends_on ?? {})),
      );
      expect(Object.keys(compose.networks)).toEqual(expect.arrayContaining(service.networks));
      const volumes = (service.volumes ?? []).map((volume) => volume.split(':')[0]);
      expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(volumes));
      const configs = (service.configs ?? []).map(({ source }) => source);
      expect(Object.keys(compose.configs)).toEqual(expect.arrayContaining(configs));
    }
  });

  test('waits for what has a health check, or for what ends', () => {
    for (const [name, { condition }] of services.flatMap(([, one]) => Object.entries(one.depends_on ?? {}))) {
      const { healthcheck, restart } = compose.services[name] ?? {};
      if (condition === 'service_healthy') expect(healthcheck).toHaveProperty('test');
      else
        expect({ name, condition, restart }).toEqual({ name, condition: 'service_completed_successfully' });
    }
  });

  test('publishes on the loopback address only', () => {
    for (const port of services.flatMap(([, { ports = [] }]) => ports))
      expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test('keeps the databases off every network that leads outside', () => {
    expect(compose.networks.inside).toEqual({ internal: true });
    for (const name of ['mongodb', 'valkey', 'postgresql', 'temporal']) {
      expect(compose.services[name]?.networks).toEqual(['inside']);
    }
  });

  test('gives Gavel no rights that it does not need', () => {
    expect(ours.map(([name]) => name)).toEqual(['api', 'admin', 'worker', 'gavel']);
    for (const [, service] of ours) expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    expect(dockerfile).toMatch(/^USER node$/m);
  });

  test('builds a stage that the Dockerfile has', () => {
    for (const [, { build }] of ours) expect(dockerfile).toContain(` AS ${build?.target ?? ''}\n`);
  });

  test('sets settings that exist', () => {
    const settings: readonly string[] = SETTINGS;
    for (const [, service] of ours) {
      expect(settings).toEqual(expect.arrayContaining(Object.keys(service.environment ?? {})));
    }
  });

  test('uses variables that .env.example names, and no others are named there', () => {
    const used = [...text.matchAll(/(?<!\$)\$\{(\w+)/g)].map(([, name]) => name);
    const named = [...example.matchAll(/^#?([A-Z_]+)=/gm)].map(([, name]) => name);
    expect([...new Set(used)].sort()).toEqual(named.sort());
  });

  test('starts with no password but one that was chosen', () => {
    const passwords = [...text.matchAll(/(?<!\$)\$\{(\w+PASSWORD)([^}]*)\}/g)];
    expect(passwords.length).toBeGreaterThan(0);
    for (const [, , otherwise] of passwords) expect(otherwise).toMatch(/^:\?/);
  });
});
