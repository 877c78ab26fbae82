import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Type from 'typebox';
import { Compile } from 'typebox/schema';
import Value from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { SECRET_SETTINGS, SETTINGS } from '../../src/config.js';
import { packageRoot } from '../../src/packageRoot.js';
import { anchorOf, inCode, readPage, rowsOf } from './page.js';

const text = readFileSync(join(packageRoot, 'docker-compose.yml'), 'utf8');
const file: unknown = parse(text, { merge: true });

/** Files that extend it, through COMPOSE_FILE. */
const additions = readdirSync(join(packageRoot, 'deploy'))
  .filter((name) => name.startsWith('compose.'))
  .map((name) => ({
    path: `deploy/${name}`,
    text: readFileSync(join(packageRoot, 'deploy', name), 'utf8'),
  }));
const allTexts = [text, ...additions.map((one) => one.text)].join('\n');

const Texts = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]));
const Words = Type.Array(Type.String());
const Service = Type.Object({
  image: Type.String(),
  build: Type.Optional(Type.Object({ target: Type.String() })),
  user: Type.Optional(Type.String()),
  entrypoint: Type.Optional(Words),
  command: Type.Optional(Words),
  restart: Type.String(),
  read_only: Type.Literal(true),
  cap_drop: Words,
  security_opt: Words,
  mem_limit: Type.String(),
  cpus: Type.Number(),
  pids_limit: Type.Integer(),
  networks: Type.Array(Type.String()),
  environment: Type.Optional(Texts),
  ports: Type.Optional(Type.Array(Type.String())),
  volumes: Type.Optional(Type.Array(Type.String())),
  configs: Type.Optional(Type.Array(Type.Object({ source: Type.String() }))),
  secrets: Type.Optional(Words),
  depends_on: Type.Optional(Type.Record(Type.String(), Type.Object({ condition: Type.String() }))),
  healthcheck: Type.Optional(
    Type.Union([
      Type.Object({ test: Type.Array(Type.String()) }),
      Type.Object({ disable: Type.Literal(true) }),
    ]),
  ),
  stop_grace_period: Type.Optional(Type.String()),
});

/** The part of the file that is tested here. */
const Compose = Type.Object({
  services: Type.Record(Type.String(), Service),
  networks: Type.Record(Type.String(), Type.Unknown()),
  volumes: Type.Record(Type.String(), Type.Unknown()),
  configs: Type.Record(Type.String(), Type.Object({ file: Type.String() })),
  secrets: Type.Record(Type.String(), Type.Object({ file: Type.String() })),
});

const compose = Value.Parse(Compose, file);
const services = Object.entries(compose.services);
const dockerfile = readFileSync(join(packageRoot, 'Dockerfile'), 'utf8');
const example = readFileSync(join(packageRoot, '.env.example'), 'utf8');

/** The value that Compose reads if no variable is set. */
const withoutVariables = (value: string): string => value.replace(/\$\{\w+:-([^}]*)\}/g, '$1');

/** Services whose image is built here. */
const ours = services.filter(([, service]) => service.build !== undefined);

const SECRET_FILES = SECRET_SETTINGS.map((name) => `${name}_FILE`);

/** The part of an added service that is tested here. */
interface Added {
  environment?: Record<string, string>;
  volumes?: string[];
  secrets?: string[];
  profiles?: string[];
  depends_on?: Record<string, { required?: boolean }>;
}

describe('docker-compose.yml', () => {
  test.each([{ path: 'docker-compose.yml', text }, ...additions])(
    'is valid by the schema of the Compose specification: $path',
    (one) => {
      const schema = readFileSync(new URL('compose-spec.json', import.meta.url), 'utf8');
      const parsed: unknown = parse(one.text, { merge: true });
      const [isValid, errors] = Compile(JSON.parse(schema) as Type.TSchema).Errors(parsed);
      expect(errors.map(({ instancePath, message }) => `${instancePath} ${message}`)).toEqual([]);
      expect(isValid).toBe(true);
    },
  );

  test.each([
    ...services.filter(([, { build }]) => build === undefined).map(([name, { image }]) => [name, image]),
    ...[...dockerfile.matchAll(/^FROM (\S+:\S+)/gm)].map(([, image = '']) => ['the Dockerfile', image]),
  ])('pins the image of %s to an exact version and to its digest', (_name, image) => {
    expect(image).toMatch(/^[\w./-]+:v?\d+\.\d+(\.\d+)?[\w.-]*@sha256:[0-9a-f]{64}$/);
  });

  test('has one digest per image, the one in docs/supply-chain.md', () => {
    const pinned = [...`${allTexts}\n${dockerfile}`.matchAll(/([\w./-]+:[\w.-]+)@(sha256:[0-9a-f]{64})/g)];
    const rows = rowsOf(readPage('docs/supply-chain.md'), 'image', 2);
    const found = new Map(pinned.map(([, image = '', digest = '']) => [inCode(image), inCode(digest)]));
    expect([...found].sort()).toEqual(rows.sort());
  });

  test('refers only to existing services, networks, volumes and configs', () => {
    for (const [, service] of services) {
      expect(Object.keys(compose.services)).toEqual(
        expect.arrayContaining(Object.keys(service.depends_on ?? {})),
      );
      expect(Object.keys(compose.networks)).toEqual(expect.arrayContaining(service.networks));
      const volumes = (service.volumes ?? []).map((volume) => withoutVariables(volume).split(':')[0]);
      expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(volumes));
      const configs = (service.configs ?? []).map(({ source }) => source);
      expect(Object.keys(compose.configs)).toEqual(expect.arrayContaining(configs));
      expect(Object.keys(compose.secrets)).toEqual(expect.arrayContaining(service.secrets ?? []));
    }
    for (const { file: path } of Object.values(compose.configs))
      expect(existsSync(join(packageRoot, path))).toBe(true);
  });

  test('restarts exited services: servers always, one-time jobs a few times', () => {
    const policies = Object.fromEntries(services.map(([name, { restart }]) => [name, restart]));
    expect(policies).toEqual({
      ...Object.fromEntries(Object.keys(policies).map((name) => [name, 'unless-stopped'])),
      'temporal-schema': 'on-failure:5',
      'temporal-namespace': 'on-failure:5',
      'temporal-cli': 'no',
      gavel: 'no',
      trial: 'no',
    });
  });

  test('has a health check for every server', () => {
    const servers = services.filter(([, { restart }]) => restart === 'unless-stopped');
    // The API's is in the Dockerfile.
    expect(servers.filter(([, { healthcheck }]) => healthcheck === undefined).map(([name]) => name)).toEqual([
      'api-1',
      'api-2',
    ]);
    expect(dockerfile).toMatch(/^HEALTHCHECK /m);
  });

  test.each(services)('limits what %s may do and take', (_name, service) => {
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
    expect(service.mem_limit).toMatch(/^\d+[mg]$/);
    expect(service.cpus).toBeGreaterThan(0);
    expect(service.cpus).toBeLessThanOrEqual(2);
    expect(service.pids_limit).toBeGreaterThan(0);
  });

  test('runs nothing as root', () => {
    // The images of Gavel and of Temporal name a user themselves; those of the databases do not.
    const users = services.flatMap(([name, { user }]) => (user === undefined ? [] : [[name, user]]));
    expect(Object.fromEntries(users)).toEqual({
      mongodb: '999:999',
      valkey: '999:999',
      postgresql: '70:70',
      prometheus: '65534:65534',
      alertmanager: '65534:65534',
    });
    expect([...dockerfile.matchAll(/^USER (.+)$/gm)].map(([, user]) => user)).toEqual(['1000:1000', 'node']);
  });

  test.each(services)('has no password in a command line of %s', (_name, service) => {
    const { entrypoint = [], command = [], healthcheck } = service;
    const check = healthcheck && 'test' in healthcheck ? healthcheck.test : [];
    const words = [...entrypoint, ...command, ...check].join('\n');
    // Compose puts the value of ${NAME} into the command line; $${NAME} is the shell's, which could pass it on.
    expect(words).not.toMatch(/(?<!\$)\$\{?\w*(PASSWORD|KEYS)/);
    expect(words).not.toMatch(/--?(password|requirepass|a|p)\b/);
  });

  test('serves metrics on the internal network only', () => {
    const { METRICS_HOST } = compose.services['api-1']?.environment ?? {};
    expect(compose.networks.inside).toEqual({ internal: true, ipam: { config: [{ subnet: METRICS_HOST }] } });
    expect(String(METRICS_HOST)).toMatch(/\/24\}$/);
  });

  test('waits only for services with a health check, or for jobs that exit', () => {
    for (const [name, { condition }] of services.flatMap(([, one]) => Object.entries(one.depends_on ?? {}))) {
      const { healthcheck, restart } = compose.services[name] ?? {};
      if (condition === 'service_healthy') expect(healthcheck).toHaveProperty('test');
      else expect([condition, restart]).toEqual(['service_completed_successfully', 'on-failure:5']);
    }
  });

  test('publishes on the loopback address only', () => {
    for (const port of services.flatMap(([, { ports = [] }]) => ports))
      expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test('keeps the databases off every external network', () => {
    expect(compose.networks.inside).toMatchObject({ internal: true });
    for (const name of ['mongodb', 'valkey', 'postgresql', 'temporal']) {
      expect(compose.services[name]?.networks).toEqual(['inside']);
    }
  });

  test('builds an existing stage of the Dockerfile', () => {
    expect(ours.map(([name]) => name)).toEqual([
      'proxy',
      'api-1',
      'api-2',
      'admin',
      'worker',
      'gavel',
      'backup',
      'trial',
    ]);
    for (const [, { build }] of ours) expect(dockerfile).toContain(` AS ${build?.target ?? ''}\n`);
  });

  test('sets only existing settings', () => {
    const known = [...SETTINGS, ...SECRET_FILES, 'NODE_OPTIONS', 'BACKUP_EVERY_HOURS', 'BACKUP_KEEP'];
    for (const [name, service] of ours.filter(([name]) => name !== 'proxy'))
      expect([name, known]).toEqual([name, expect.arrayContaining(Object.keys(service.environment ?? {}))]);
  });

  test('uses the variables of .env.example, which has no others but Compose’s own', () => {
    const used = [...allTexts.matchAll(/(?<!\$)\$\{(\w+)/g)].map(([, name]) => name);
    const named = [...example.matchAll(/^#?([A-Z_]+)=/gm)].map(([, name]) => name);
    expect([...new Set([...used, 'COMPOSE_FILE', 'COMPOSE_PROFILES'])].sort()).toEqual(named.sort());
  });

  test('names its images after the release of this checkout, unless GAVEL_VERSION is set', () => {
    const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
      version: string;
    };
    // An unchanged proxy keeps running, and so do the connections of sources.
    const [, caddy = ''] = /^FROM caddy:([\d.]+)@/m.exec(dockerfile) ?? [];
    for (const [, { image }] of ours)
      expect([`gavel:${version}`, `gavel-proxy:${caddy}`]).toContain(withoutVariables(image));
    expect(dockerfile).toContain(`ARG VERSION=${version}\n`);
  });

  test('has no secret in an environment: each is a file for the services that need it', () => {
    for (const [name, { environment = {}, secrets = [] }] of services) {
      for (const [setting, value] of Object.entries(environment)) {
        expect(setting).not.toMatch(/(PASSWORD|PWD|KEYS?|AUTH)$/);
        expect(String(value)).not.toMatch(/\/\/[^/@]*:[^/@]*@/);
        const [, secret] = /^\/run\/secrets\/(\w+)$/.exec(String(value)) ?? [];
        if (secret !== undefined) expect([name, secrets]).toEqual([name, expect.arrayContaining([secret])]);
      }
    }
    const commands = services.map(([name, { entrypoint = [], command = [] }]) => ({
      secrets: compose.services[name]?.secrets ?? [],
      words: [...entrypoint, ...command].join('\n'),
    }));
    for (const { secrets, words } of commands)
      for (const [, secret = ''] of words.matchAll(/\/run\/secrets\/(\w+)/g))
        expect(secrets).toContain(secret);
  });

  test('backs up as a user with access to nothing but the database', () => {
    const { secrets, networks } = compose.services.backup ?? {};
    expect(secrets).toEqual(['mongodb_backup_password']);
    expect(networks).toEqual(['inside']);
  });

  test('adds only services, settings and volumes that fit it', () => {
    for (const { path, text: added } of additions) {
      const {
        services: changed = {},
        volumes = {},
        secrets = {},
      } = parse(added, { merge: true }) as {
        services?: Record<string, Added>;
        volumes?: Record<string, unknown>;
        secrets?: Record<string, unknown>;
      };
      for (const [name, service] of Object.entries(changed)) {
        const base = compose.services[name];
        if (base === undefined) expect([path, name]).toEqual([path, expect.stringMatching(/^mongodb-[23]$/)]);
        else
          expect([...Object.keys(base.environment ?? {}), ...SETTINGS, ...SECRET_FILES]).toEqual(
            expect.arrayContaining(Object.keys(service.environment ?? {})),
          );
        expect([...Object.keys(compose.secrets), ...Object.keys(secrets)]).toEqual(
          expect.arrayContaining(service.secrets ?? []),
        );
        for (const volume of service.volumes ?? [])
          expect(Object.keys(volumes)).toContain(volume.split(':')[0]);
      }
    }
  });

  test.each(additions)(
    'is no dependency of a service that must start without it: $path',
    ({ text: added }) => {
      const { services: changed = {} } = parse(added, { merge: true }) as {
        services?: Record<string, Added>;
      };
      const isOff = (name: string): boolean => changed[name]?.profiles !== undefined;
      for (const [name, { depends_on = {} }] of services.filter(([name]) => !isOff(name)))
        for (const needed of Object.keys(depends_on).filter(isOff))
          expect([name, needed, changed[name]?.depends_on?.[needed]?.required]).toEqual([
            name,
            needed,
            false,
          ]);
    },
  );

  test.each(additions)('says that the override must be the last file: $path', (one) => {
    expect(one.text).toContain(`#   COMPOSE_FILE=docker-compose.yml:${one.path}\n`);
    expect(one.text.replaceAll('\n# ', ' ')).toContain(
      'If you have a docker-compose.override.yml, name it last',
    );
  });

  test('keeps the number of workers that is set', () => {
    expect(compose.services.worker).toMatchObject({ scale: '${WORKERS:-0}' });
  });

  test('refers to existing sections of the pages', () => {
    const links = [...`${allTexts}\n${example}`.matchAll(/(docs\/[\w-]+\.md)(?:#([\w-]+))?/g)];
    expect(links.length).toBeGreaterThan(5);
    for (const [, path = '', anchor] of links)
      if (anchor !== undefined) expect([path, ...readPage(path).headings.map(anchorOf)]).toContain(anchor);
  });

  test('passes on every setting of .env except those that docs/operator.md lists', () => {
    const page = readFileSync(join(packageRoot, 'docs/operator.md'), 'utf8');
    const [, sentence = ''] = /These do nothing in `\.env`: (.*?)\. To change/.exec(page) ?? [];
    const fromEnv = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name));
    const cloud = ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'];
    expect(sentence.replaceAll('`', '').split(', ')).toEqual(
      SETTINGS.filter((name) => !fromEnv.has(name) && !cloud.includes(name)),
    );
  });
});
