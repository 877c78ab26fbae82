import { defineUpdate, setHandler } from '@temporalio/workflow';
import { OUTCOME_UPDATE } from '../../../src/temporal/names.js';

/** The floor: the minimum cost of a durable early answer on this server. It answers without doing any work. */
export async function empty(): Promise<void> {
  setHandler(defineUpdate(OUTCOME_UPDATE), () => undefined);
}
