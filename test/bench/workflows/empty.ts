import { defineUpdate, setHandler } from '@temporalio/workflow';
import { FLOOR_UPDATE } from './floorUpdate.js';

/** The floor: an empty workflow that answers its caller. */
export async function empty(): Promise<void> {
  setHandler(defineUpdate(FLOOR_UPDATE), () => undefined);
}
