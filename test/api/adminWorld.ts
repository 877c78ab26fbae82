import { startAdminApi, type RunningApi } from '../../src/api/server.js';
import type { Settings } from '../../src/config.js';
import { createLog } from '../../src/log.js';
import { createKey } from '../../src/store/keys/apiKeys.js';
import { SCOPE_NAMES, type Scope } from '../../src/store/scopes.js';
import { openApiWorld, request, type ApiWorld, type Reply } from './world.js';

/** An API world with an admin API beside it. */
export interface AdminWorld extends ApiWorld {
  admin: RunningApi;
  /** A key with every scope. */
  adminKey: string;
  /** Creates a key, without a rate limit by default. */
  adminKeyFor(scopes: Scope[], name?: string, limit?: number): Promise<string>;
  /** Calls the admin API, with that key by default; a body is sent as JSON. */
  ask(route: string, body?: unknown, key?: string, headers?: Record<string, string>): Promise<Reply>;
}

export async function openAdminWorld(overrides: Partial<Settings> = {}): Promise<AdminWorld> {
  const world = await openApiWorld({ ADMIN_PORT: 0, ...overrides });
  const admin = await startAdminApi(world.settings, createLog({ LOG_LEVEL: 'silent' }, 'admin'));
  const adminKeyFor: AdminWorld['adminKeyFor'] = async (scopes, name = 'dana', limit = 1_000_000) =>
    (await createKey(world.database, { admin: name, scopes, test: false, limit })).key;
  const adminKey = await adminKeyFor([...SCOPE_NAMES]);
  return {
    ...world,
    admin,
    adminKey,
    adminKeyFor,
    ask: (route, body, key = adminKey, headers = {}) => {
      const [method = '', path = ''] = route.split(' ');
      const type = body === undefined ? undefined : { 'content-type': 'application/json' };
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      return request({ api: admin, key }, path, { method, headers: { ...type, ...headers }, body: text });
    },
    close: async () => {
      await admin.close();
      await world.close();
    },
  };
}
