/** The workflows that a worker runs. */
export { distributeLead } from './distributeLead.js';
export { retention } from './retention.js';
