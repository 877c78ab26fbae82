import { Connection } from '@temporalio/client';
import type { Settings } from '../config.js';

/**
 * How long a lost connection waits before its next try, ms. By itself gRPC doubles the pause up to two minutes, in which
 * leads are answered `pending` though Temporal is back.
 */
const LONGEST_PAUSE_MS = 2000;

/** A connection of the client; it connects when first used, and again whenever it was lost. */
export const openConnection = ({ TEMPORAL_ADDRESS }: Pick<Settings, 'TEMPORAL_ADDRESS'>): Connection =>
  Connection.lazy({
    address: TEMPORAL_ADDRESS,
    channelArgs: { 'grpc.max_reconnect_backoff_ms': LONGEST_PAUSE_MS },
  });
