/** Reference workflows of the bench; not part of the production bundle. */
export { empty } from './empty.js';
export { plain } from './plain.js';
