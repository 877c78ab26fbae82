import type { Campaign, Sale } from './market.js';

/** Terms that hold from some time after a lead was received: at once exclusive from 30.00, after 2 h shared from 12.00. */
export interface Stage {
  /** How long after the lead was received it begins, ms. */
  after: number;
}

/**
 * The current stage of a lead: the last one that has started, whatever their order; undefined before the first. Times
 * in UTC ms.
 */
export function stageAt<S extends Stage>(
  stages: readonly S[],
  receivedAt: number,
  now: number,
): S | undefined {
  return stages
    .filter(({ after }) => receivedAt + after <= now)
    .reduce<S | undefined>((last, stage) => (last && last.after >= stage.after ? last : stage), undefined);
}

/** The terms of sale for a lead of this age: of its stage, or the campaign's before the first. Times in UTC ms. */
export const saleAt = (
  { sale, stages = [] }: Pick<Campaign, 'sale' | 'stages'>,
  receivedAt: number,
  now: number,
): Sale => stageAt(stages, receivedAt, now) ?? sale;

/** When the next stage begins, UTC ms; undefined in the last one. */
export function nextStageAt(stages: readonly Stage[], receivedAt: number, now: number): number | undefined {
  const ahead = stages.map(({ after }) => receivedAt + after).filter((begins) => begins > now);
  return ahead.length > 0 ? Math.min(...ahead) : undefined;
}
