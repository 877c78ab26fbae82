import { describe, expect, it } from 'vitest';
import { describeStack } from '../../src/local/describeStack.js';
import type { StackReady } from '../../src/local/localStack.js';
import { readPage } from '../docs/page.js';

const READY: StackReady = {
  api: 'http://127.0.0.1:3000',
  docs: 'http://127.0.0.1:3000/docs',
  admin: 'http://127.0.0.1:3001',
  temporalUi: 'http://127.0.0.1:8233',
  namespace: 'default',
  servers: { TEMPORAL_ADDRESS: '127.0.0.1:7233' },
  demo: {
    keys: { live: 'gvl_live_1', test: 'gvl_test_2', buyer: 'gvl_buyer_3' },
    answer: { status: 200, text: '{"status":"sold"}', ms: 300 },
    buyers: [],
    curl: 'curl …',
  },
};

describe('npm start prints', () => {
  it('the keys, Temporal’s address, and the link to open leads in docs/ops.md', () => {
    const text = describeStack(READY);
    for (const key of ['gvl_live_1', 'gvl_test_2', 'gvl_buyer_3']) expect(text).toContain(key);
    expect(text).toContain('127.0.0.1:7233  (npm run temporal -- workflow list)');
    const views = readPage('docs/ops.md').tables.find(({ header }) => header[0] === 'view');
    const [, link = ''] = views?.rows.find(([view]) => view === 'Open leads') ?? [];
    const [address = ''] = link.replaceAll('`', '').split('&savedQuery');
    expect(text).toContain(`http://127.0.0.1:8233${address}\n`);
    expect(text).not.toContain('--replace');
  });

  it('the command that applies the demo market, only if the market was changed', () => {
    const demo = READY.demo && { ...READY.demo, notApplied: '.local/demo-market.new.yaml' };
    expect(describeStack({ ...READY, demo })).toContain(
      'npm run gavel -- apply --replace --prune .local/demo-market.new.yaml\n',
    );
  });
});
