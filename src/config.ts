import { readFileSync } from 'node:fs';
import Type from 'typebox';
import Value from 'typebox/value';

/** `id:base64` of 32 bytes. */
const MASTER_KEY = '[A-Za-z0-9_-]{1,32}:[A-Za-z0-9+/]{43}=';

/**
 * What follows the scheme of an address: who asks, hosts, and a name. A password with one of `/?#@` in it would be taken
 * for a part of the address, which may be logged.
 */
const SERVER = '([^\\s/?#@]*@)?[^\\s/?#@]+(/[^\\s/?#@]*)?';

const whole = (description: string, limits: { default: number; minimum: number; maximum?: number }) =>
  Type.Integer({ ...limits, description });

const port = (usual: number, description: string) =>
  whole(description, { default: usual, minimum: 0, maximum: 65_535 });

const optionalText = (description: string, rules: Type.TStringOptions & { secret?: true } = {}) =>
  Type.Optional(Type.String({ ...rules, description }));

/** A file in PEM form, which is read when a process starts. */
const pemFile = (what: string) => optionalText(`File (PEM) of ${what}`, { minLength: 1 });

/**
 * Every setting of Gavel, once: the schema checks it, its descriptions are the table in docs/settings.md (a test
 * compares the two), and its static type is what the code receives.
 */
export const Settings = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', description: 'Address that the API listens on' }),
  PORT: port(3000, 'Port of the API; 0 takes a free one'),
  ADMIN_HOST: Type.String({
    default: '127.0.0.1',
    description:
      'Address that the admin API listens on; anyone who can reach it and has a key can do what ops can',
  }),
  ADMIN_PORT: port(3001, 'Port of the admin API; 0 takes a free one'),
  MONGODB_URL: Type.String({
    pattern: `^mongodb(\\+srv)?://${SERVER}(\\?\\S*)?$`,
    secret: true,
    description:
      'Address of a replica set of MongoDB 8 or newer: `mongodb://USER@HOST:PORT/?replicaSet=NAME`; in user and password write `%40` for `@`, `%2F` for `/`, `%3A` for `:`. Unset: the local stack’s',
  }),
  MONGODB_PASSWORD: optionalText('Password of the user in MONGODB_URL, if that address does not contain it', {
    secret: true,
  }),
  MONGODB_DATABASE: Type.String({ default: 'gavel', minLength: 1, description: 'Name of the database' }),
  MASTER_KEYS: Type.String({
    pattern: `^${MASTER_KEY}(,${MASTER_KEY})*$`,
    secret: true,
    description:
      'Master keys that encrypt personal data: id:key, separated by commas, each key 32 random bytes in base64 (`openssl rand -base64 32`); ' +
      'the first encrypts new data, all of them decrypt stored data. Without them the data is lost. Unset: the local stack’s',
  }),
  REDIS_URL: Type.String({
    pattern: `^rediss?://${SERVER}(\\?[^\\s@]*)?$`,
    secret: true,
    description:
      'Address of Redis or Valkey, which counts requests and carries outcomes of leads to the APIs: `redis://HOST:PORT`, or `rediss://HOST:PORT` with TLS. Unset: the local stack’s',
  }),
  REDIS_PASSWORD: optionalText('Password for REDIS_URL, if that address does not contain it', {
    secret: true,
  }),
  TEMPORAL_ADDRESS: Type.String({
    pattern: '^[^/\\s]+:\\d+$',
    description: 'host:port of Temporal’s frontend. Unset: the local stack’s',
  }),
  TEMPORAL_NAMESPACE: Type.String({ default: 'default', minLength: 1, description: 'Temporal namespace' }),
  TEMPORAL_API_KEY: optionalText('API key for Temporal, as issued by Temporal Cloud; turns on TLS', {
    pattern: '^[\\x21-\\x7e]+$',
    secret: true,
  }),
  TEMPORAL_TLS: Type.Optional(
    Type.Boolean({
      description:
        'Whether to connect to Temporal with TLS. Unset: if TEMPORAL_API_KEY or a TEMPORAL_TLS_… setting is set',
    }),
  ),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: pemFile(
    'the certificate authority that issued Temporal’s certificate. Unset: public authorities',
  ),
  TEMPORAL_TLS_SERVER_NAME: optionalText(
    'Host name that Temporal’s certificate must have. Unset: the host of TEMPORAL_ADDRESS',
    { pattern: '^[\\w.-]+$' },
  ),
  TEMPORAL_TLS_CLIENT_CERT_PATH: pemFile('Gavel’s client certificate for Temporal (mTLS)'),
  TEMPORAL_TLS_CLIENT_KEY_PATH: pemFile('the private key of that certificate'),
  TASK_QUEUE: Type.String({
    default: 'gavel',
    pattern: '^[^.:]+$',
    description:
      'Temporal task queue of lead workflows, and name of the worker deployment; without `.` and `:`',
  }),
  BUILD_ID: optionalText('Id of this build in Temporal. Unset: the release and a hash of its workflows', {
    pattern: '^[\\w.-]{1,64}$',
  }),
  WORKER_ROLLOUT: Type.Enum(['auto', 'manual'], {
    default: 'auto',
    description:
      'When leads move to a new build: as soon as its first worker is up (auto), or on a command to Temporal (manual)',
  }),
  ANSWER_WINDOW_MS: whole('How long a source waits for `sold` before the answer is `pending`, ms', {
    default: 3000,
    minimum: 100,
    maximum: 60000,
  }),
  RATE_LIMIT_PER_MINUTE: whole(
    'Requests a minute for each key without its own limit, and failed authentications a minute for each address',
    { default: 60, minimum: 1 },
  ),
  RETENTION_DAYS: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 36_500,
      description:
        'Days after a lead’s end until its personal data is erased, unless its campaign has a `retention`; 0: never. Unset: never, with a warning',
    }),
  ),
  MAX_CONNECTIONS: whole(
    'Maximum number of open connections of one API process; further connections are closed at once',
    { default: 2000, minimum: 10, maximum: 60_000 },
  ),
  KEEP_ALIVE_MS: whole(
    'How long an idle connection to an API stays open, ms; must be longer than a load balancer in front keeps it open',
    { default: 72_000, minimum: 1000, maximum: 3_600_000 },
  ),
  STOP_DELAY_MS: whole(
    'How long a stopping API still accepts leads, ms, while `/ready` answers 503; give a load balancer in front enough time to notice',
    { default: 0, minimum: 0, maximum: 60_000 },
  ),
  PUBLIC_URL: optionalText(
    'Public address of the API, such as `https://leads.example`, for the examples on /docs; buyers’ and sellers’ addresses must not point to it. Unset: the address in the reader’s browser',
    { pattern: '^https?://[\\w.:\\[\\]-]+(/[\\w./-]*[\\w-])?$' },
  ),
  LEADS_IN_FLIGHT: whole(
    'The most leads that one worker has in hand at once; while the machine has no CPU time to spare, it has fewer',
    { default: 200, minimum: 1, maximum: 5000 },
  ),
  OUTBOUND_ALLOW: Type.String({
    default: '',
    description:
      'Non-public hosts and networks that buyers’ and sellers’ addresses may point to, separated by commas',
  }),
  OUTBOUND_DENY: Type.String({
    default: '',
    description:
      'Hosts and networks that are never contacted, even if OUTBOUND_ALLOW has them, separated by commas: your own public addresses, a NAT64 prefix of your network',
  }),
  OUTBOUND_PORTS: Type.String({
    default: '',
    description:
      'Ports that buyers’ and sellers’ addresses may have, separated by commas (`443, 8443, 9000-9099`). Unset: 80, 443, and ports from 1024 that no other service is known for',
  }),
  OUTBOUND_HTTP: Type.Boolean({
    default: false,
    description: 'Whether buyers’ and sellers’ addresses may be http, which is not encrypted',
  }),
  METRICS_HOST: Type.String({
    default: '127.0.0.1',
    description:
      'Address for `/metrics`, or a network (`10.0.0.0/8`) in which this machine has an address; no key is needed to read metrics',
  }),
  METRICS_PORT: port(0, 'Port of `/metrics` for Prometheus in this process; 0: no metrics'),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent'], {
    default: 'info',
    description: 'Log level: fatal, error, warn, info, debug or silent',
  }),
  TEMPORAL_UI_URL: optionalText(
    'Address of Temporal’s UI, for links to lead workflows. Unset: the local stack’s, else no links',
    { pattern: '^https?://' },
  ),
  SMTP_URL: optionalText(
    'SMTP server for leads by e-mail: `smtps://USER:PASSWORD@HOST`, or `smtp://` with STARTTLS, which is required except on this machine. Unset: no e-mail is sent',
    { pattern: `^smtps?://${SERVER}$`, secret: true },
  ),
  SMTP_FROM: optionalText(
    'Sender of e-mail: `leads@exchange.example`, or with a name `Gavel <leads@exchange.example>`',
    { pattern: '^([^<>@\\r\\n]{1,100} <)?[^\\s<>@]+@[\\w.-]+>?$' },
  ),
  SFTP_KEY: optionalText(
    'Private key of the exchange (OpenSSH or PEM) for leads by SFTP; use SFTP_KEY_FILE. Give buyers the public key',
    { pattern: '^-----BEGIN [A-Z ]*PRIVATE KEY-----', secret: true },
  ),
  S3_KEYS: optionalText(
    'Access keys for leads to S3-compatible storage: `NAME:ID:SECRET`, separated by commas; contracts use the names',
    { pattern: '^[\\w-]+:[^:,\\s]+:[^:,\\s]+(,[\\w-]+:[^:,\\s]+:[^:,\\s]+)*$', secret: true },
  ),
  GAVEL_ADMIN_KEY: optionalText('Admin key for commands with `--remote`; servers don’t need it', {
    pattern: '^gvl_admin_[0-9A-Za-z]{33}$',
    secret: true,
  }),
  GAVEL_KEY: optionalText('A source’s key for `gavel leads import`; servers don’t need it', {
    pattern: '^gvl_(live|test)_[0-9A-Za-z]{33}$',
    secret: true,
  }),
  GAVEL_SECRET: optionalText(
    'Signing secret of a buyer (`whsec_` and at least 20 characters of base64), for `gavel buyers verify` and `gavel buyers simulate`; servers don’t need it',
    { pattern: '^whsec_[A-Za-z0-9+/]{20,}={0,2}$', secret: true },
  ),
  TRUST_PROXY: Type.Boolean({
    default: false,
    description:
      'Whether one proxy is in front and adds the client to X-Forwarded-For (limits then apply to the last address there)',
  }),
});

export type Settings = Type.Static<typeof Settings>;

/** The local stack keeps the addresses of its servers here, so that commands run beside it find them. */
export const ADDRESSES_FILE = '.local/addresses.json';

/** Its master keys are here; they are for its own database and no other. */
export const MASTER_KEYS_FILE = '.local/master-keys';

/** A setting is missing or wrong; the message says which and what to write instead. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

export const TEMPORAL_SETTINGS = [
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_SERVER_NAME',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
] as const satisfies readonly (keyof Settings)[];

export type TemporalSettings = Pick<Settings, (typeof TEMPORAL_SETTINGS)[number]>;

export const SETTINGS = Object.keys(Settings.properties) as (keyof Settings)[];

/** Settings that are a secret or can contain one. Each is also read from the file that `NAME_FILE` names. */
export const SECRET_SETTINGS = SETTINGS.filter((name) => 'secret' in Settings.properties[name]);

/** Addresses whose password is also a setting of its own: an address is no secret and a password is one. */
const PASSWORDS: Partial<Record<keyof Settings, keyof Settings>> = {
  MONGODB_URL: 'MONGODB_PASSWORD',
  REDIS_URL: 'REDIS_PASSWORD',
};

/**
 * All settings from the environment, then from the running local stack (for the servers' addresses), then the defaults.
 * @throws SettingsError naming every setting at fault
 */
export function readSettings(env?: NodeJS.ProcessEnv, local?: Record<string, string>): Settings {
  return pickSettings(SETTINGS, env, local);
}

/**
 * The named settings only: listing keys needs no Temporal.
 * @throws SettingsError naming every invalid setting among these
 */
export function pickSettings<Name extends keyof Settings>(
  names: readonly Name[],
  env: NodeJS.ProcessEnv = process.env,
  local: Record<string, string> = localStackSettings(),
): Pick<Settings, Name> {
  const schema: Type.TSchema = Type.Pick(Settings, names);
  const isSettings = (value: unknown): value is Pick<Settings, Name> => Value.Check(schema, value);
  const given: Record<string, string> = {};
  const unread = new Map<keyof Settings, string>();
  for (const name of names) {
    try {
      const value = rawSetting(name, env, local);
      if (value !== undefined) given[name] = value;
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      unread.set(name, error.message);
    }
  }
  const settings: unknown = Value.Convert(schema, Value.Default(schema, given));
  const formFaults = names.flatMap(
    (name) => unread.get(name) ?? fault(name, Settings.properties[name], settings),
  );
  const faults =
    isSettings(settings) && unread.size === 0 ? temporalFaults(settings) : [...new Set(formFaults)];
  if (isSettings(settings) && faults.length === 0) return settings;
  throw new SettingsError(faults.join('\n'));
}

/** Conflicts between settings of the Temporal connection that are valid by themselves. */
function temporalFaults(settings: Partial<TemporalSettings>): string[] {
  const { TEMPORAL_TLS, TEMPORAL_TLS_CLIENT_CERT_PATH: cert, TEMPORAL_TLS_CLIENT_KEY_PATH: key } = settings;
  const files = TEMPORAL_SETTINGS.filter((name) => name.endsWith('_PATH'));
  const needTls = TEMPORAL_SETTINGS.filter(
    (name) => name.startsWith('TEMPORAL_TLS_') || name === 'TEMPORAL_API_KEY',
  );
  const set = needTls.find((name) => settings[name] !== undefined);
  const [has, lacks] =
    cert === undefined
      ? ['TEMPORAL_TLS_CLIENT_KEY_PATH', 'TEMPORAL_TLS_CLIENT_CERT_PATH']
      : ['TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_KEY_PATH'];
  return [
    ...(TEMPORAL_TLS === false && set !== undefined
      ? [`TEMPORAL_TLS is false, but ${set} is set, which needs TLS. Unset one of the two.`]
      : []),
    ...((cert === undefined) !== (key === undefined)
      ? [`${has} is set and ${lacks} is not. A certificate and its key belong together: set both or none.`]
      : []),
    ...files.flatMap((name) => pemFault(name, settings[name])),
  ];
}

function pemFault(name: string, path: unknown): string[] {
  if (typeof path !== 'string') return [];
  try {
    const isPem = readFileSync(path, 'utf8').includes('-----BEGIN ');
    return isPem ? [] : [`${name} names "${path}", which is not in PEM form (-----BEGIN …).`];
  } catch (error) {
    return [`${name} names "${path}", which can't be read (${codeOf(error)}).`];
  }
}

/**
 * A setting as it is given, which is checked when it is used; undefined if it is not set.
 * @throws SettingsError if it is a secret whose file can't be read, or if it is given twice
 */
export function rawSetting(
  name: keyof Settings,
  env: NodeJS.ProcessEnv = process.env,
  local: Record<string, string> = localStackSettings(),
): string | undefined {
  const isOfStack = !env.MONGODB_URL || env.MONGODB_URL === local.MONGODB_URL;
  // The local stack's master keys are of its own database.
  const stacks = name === 'MASTER_KEYS' && !isOfStack ? undefined : local[name];
  const value = fromFile(name, env) ?? env[name] ?? stacks;
  if (value === undefined || value === '') return undefined;
  const passwordName = PASSWORDS[name];
  const password = passwordName && rawSetting(passwordName, env, local);
  return password === undefined ? value : withPassword(name, value, password);
}

/** A secret from the file that `NAME_FILE` names; editors and `openssl` end it with a line break, which is not part of it. */
function fromFile(name: keyof Settings, env: NodeJS.ProcessEnv): string | undefined {
  const path = SECRET_SETTINGS.includes(name) ? env[`${name}_FILE`] : undefined;
  if (!path) return undefined;
  if (env[name]) throw new SettingsError(`${name} and ${name}_FILE are both set. Unset one of the two.`);
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/[\r\n]+$/, '');
  } catch (error) {
    throw new SettingsError(`${name}_FILE names "${path}", which can't be read (${codeOf(error)}).`);
  }
  if (text === '') throw new SettingsError(`${name}_FILE names "${path}", which is empty.`);
  return text;
}

/** `mongodb://gavel@db` with the password of that user; Redis needs no user. */
function withPassword(name: keyof Settings, address: string, password: string): string {
  const [, scheme = '', login] = /^(\w+(?:\+srv)?:\/\/)(?:([^/@]*)@)?/.exec(address) ?? [];
  if (login?.includes(':'))
    throw new SettingsError(
      `${name} has a password, and ${PASSWORDS[name]} is set too. Remove one of the two.`,
    );
  if (!login && name === 'MONGODB_URL')
    throw new SettingsError(
      'MONGODB_PASSWORD is set, but MONGODB_URL names no user. Write mongodb://USER@HOST, or unset MONGODB_PASSWORD.',
    );
  const rest = address.slice(scheme.length + (login === undefined ? 0 : login.length + 1));
  return `${scheme}${login ?? ''}:${encodeURIComponent(password)}@${rest}`;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown';

function fault(name: string, schema: Type.TSchema, settings: unknown): string[] {
  const value = (settings as Record<string, string | number | boolean | undefined>)[name];
  const right: boolean = Value.Check(schema, value);
  if (right || (value === undefined && Type.IsOptional(schema))) return [];
  const means = 'description' in schema ? String(schema.description) : '';
  if (value === undefined)
    return [
      `${name} is not set (${means}). Set it, or start the local stack with \`npm start\` and try again.`,
    ];
  // A malformed address may contain its password anywhere.
  const wrong = 'secret' in schema ? 'is malformed' : `is invalid: "${value}"`;
  return [`${name} ${wrong}. Description: ${means}.`];
}

/** An address as it may be shown and logged: "mongodb://user:secret@db/x" becomes "mongodb://…@db/x". */
export const withoutCredentials = (address: string): string => address.replace(/\/\/[^/]*@/, '//…@');

function localStackSettings(): Record<string, string> {
  try {
    const addresses = JSON.parse(readFileSync(ADDRESSES_FILE, 'utf8')) as Record<string, string>;
    return { ...addresses, MASTER_KEYS: readFileSync(MASTER_KEYS_FILE, 'utf8') };
  } catch {
    return {};
  }
}
