import { defineUpdate, setHandler } from '@temporalio/workflow';
import { OUTCOME } from '../../../src/temporal/names.js';

/** The floor: the least that a durable early answer can cost on this server. It answers, and has done nothing. */
export async function empty(): Promise<void> {
  setHandler(defineUpdate(OUTCOME), () => undefined);
}
