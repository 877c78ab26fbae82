/*
 * What the store does only for the local database, SecantusDB. MongoDB needs none of it, and none of it changes a result.
 * docs/decisions/local-database.md says why, and which queries must use an index on both databases.
 */

/**
 * Values in an `$in` of a large batch. SecantusDB compares every document that it finds with every value again, so its
 * time grows with the square of the batch.
 */
export const IN_VALUES = 100;

/**
 * The session of a transaction that only writes, and so needs no order among reads. With causal consistency, the driver
 * adds a read concern when it retries the transaction after a conflict, and SecantusDB refuses `bulkWrite` with one.
 */
export const WRITE_ONLY_SESSION = { causalConsistency: false };
