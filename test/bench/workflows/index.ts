/** The workflows that the bench compares ours with; they are in no production bundle. */
export { empty } from './empty.js';
export { plain } from './plain.js';
