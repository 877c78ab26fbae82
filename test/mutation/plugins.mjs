/* Stryker loads this in each of its processes, and these don't read TypeScript by themselves. */
import { register } from 'tsx/esm/api';

register();
const { marketRunner } = await import('./marketRunner.ts');
const { ignoreWording } = await import('./ignoreWording.ts');

export const strykerPlugins = [marketRunner, ignoreWording];
