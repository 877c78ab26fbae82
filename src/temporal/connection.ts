import { readFileSync } from 'node:fs';
import {
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  type BackoffOptions,
} from '@temporalio/client';
import type { TemporalSettings } from '../config.js';

/** What a connection needs; the namespace is its client's. */
export type ConnectionSettings = Omit<TemporalSettings, 'TEMPORAL_NAMESPACE'>;

/**
 * How long a lost connection waits before its next try, ms. By itself gRPC doubles the pause up to two minutes, in which
 * leads are answered `pending` though Temporal is back.
 */
const LONGEST_PAUSE_MS = 2000;

/**
 * A connection of the client; it connects when first used, and again whenever it was lost.
 * @param retries how a call that fails is tried again; absent: as the client does by itself
 */
export const openConnection = (settings: ConnectionSettings, retries?: Partial<BackoffOptions>): Connection =>
  Connection.lazy({
    ...connectionOptions(settings),
    interceptors: retries && [makeGrpcRetryInterceptor(defaultGrpcRetryOptions(retries))],
    channelArgs: { 'grpc.max_reconnect_backoff_ms': LONGEST_PAUSE_MS },
  });

/**
 * Where Temporal is and how it is spoken to, for the client's connections and the worker's alike. Files are read here: a
 * renewed certificate is used by processes that start after it.
 */
export function connectionOptions(settings: ConnectionSettings) {
  const { TEMPORAL_ADDRESS: address, TEMPORAL_API_KEY: apiKey, TEMPORAL_TLS: isWanted } = settings;
  const { TEMPORAL_TLS_SERVER_CA_CERT_PATH: ca, TEMPORAL_TLS_SERVER_NAME: serverNameOverride } = settings;
  const { TEMPORAL_TLS_CLIENT_CERT_PATH: cert, TEMPORAL_TLS_CLIENT_KEY_PATH: key } = settings;
  const isImplied = [apiKey, ca, serverNameOverride, cert].some((setting) => setting !== undefined);
  if (!(isWanted ?? isImplied)) return { address, tls: false };
  const tls = {
    serverNameOverride,
    serverRootCACertificate: ca === undefined ? undefined : readFileSync(ca),
    clientCertPair:
      cert === undefined || key === undefined
        ? undefined
        : { crt: readFileSync(cert), key: readFileSync(key) },
  };
  return { address, apiKey, tls };
}

/** Wrong settings that make a connection fail, recognized by the libraries' messages. */
const REFUSALS: [pattern: RegExp, words: string][] = [
  [
    /InvalidContentType|wrong version number|packet length too long/,
    'the server at TEMPORAL_ADDRESS does not speak TLS, which TEMPORAL_API_KEY and the TEMPORAL_TLS… settings ask for',
  ],
  [/UNAUTHENTICATED|PERMISSION_DENIED/i, 'the API key or the certificate is refused'],
  [/Namespace \S+ is not found/, 'there is no such TEMPORAL_NAMESPACE'],
];

/** The wrong setting that makes the connection fail, if any; names no address and no key. */
export function explainConnectionError(error: unknown): string | undefined {
  const messages: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) messages.push(at.message);
  return REFUSALS.find(([pattern]) => pattern.test(messages.join('\n')))?.[1];
}
