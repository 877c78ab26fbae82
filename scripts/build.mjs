/** `npm run build`: the product compiled into `dist`, for the image. */
import { rmSync } from 'node:fs';
import { compileTo } from './compile.mjs';

rmSync('dist', { recursive: true, force: true });
await compileTo('dist');
