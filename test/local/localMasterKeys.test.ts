import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pickSettings } from '../../src/config.js';
import { localMasterKeys } from '../../src/local/localMasterKeys.js';
import { emptyDir } from './helpers.js';

it('a stack creates its master key once, readable only by its owner', () => {
  const [dir, other] = [emptyDir(), emptyDir()];
  const keys = localMasterKeys(dir);
  expect(pickSettings(['MASTER_KEYS'], { MASTER_KEYS: keys }, {})).toEqual({ MASTER_KEYS: keys });
  expect(statSync(join(dir, 'master-keys')).mode & 0o777).toBe(0o600);
  expect(localMasterKeys(dir)).toBe(keys);
  expect(localMasterKeys(other)).not.toBe(keys);
});
