import { Agent, errors, request } from 'undici';
import { AddressRefused, guardedConnector, type Resolve } from './guardedConnector.js';
import { readOutboundRules, type OutboundSettings } from './outboundRules.js';
import { parseExactJson } from '../market/mapping/exactJson.js';

/** A larger answer is no lead. */
const MAX_ANSWER_BYTES = 256 * 1024;

/** An answer of a platform; its document is undefined if it is not JSON. */
export type Fetched =
  | { kind: 'answer'; status: number; document: unknown }
  | { kind: 'unreachable'; detail: string };

export interface Fetcher {
  /** Reads a document; never throws, and its detail quotes nothing of the address. */
  get(url: string, options: { headers: Record<string, string>; timeoutMs: number }): Promise<Fetched>;
  close(): Promise<void>;
}

/**
 * Reads documents from platforms: only from addresses that the settings allow, without following redirects.
 * @throws SettingsError if a setting on outbound connections can't be read
 */
export function openFetcher(settings: OutboundSettings, resolve?: Resolve): Fetcher {
  const agent = new Agent({
    connections: 16,
    maxResponseSize: MAX_ANSWER_BYTES,
    connect: guardedConnector(readOutboundRules(settings), resolve),
  });
  return {
    get: async (url, { headers, timeoutMs }) => {
      try {
        const response = await request(url, {
          dispatcher: agent,
          headers: {
            accept: 'application/json',
            'accept-encoding': 'identity',
            'user-agent': 'Gavel',
            ...headers,
          },
          signal: AbortSignal.timeout(timeoutMs),
        });
        const document = parseExactJson(await response.body.text());
        return { kind: 'answer', status: response.statusCode, document };
      } catch (error) {
        return { kind: 'unreachable', detail: detailOf(error) };
      }
    },
    close: () => agent.close(),
  };
}

function detailOf(error: unknown): string {
  if (error instanceof AddressRefused) return error.message;
  if (error instanceof errors.UndiciError) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
