/**
 * Works on items concurrently and yields the results as they come. An item is started only when its result has a place: at
 * most `most` results are in work or wait for the reader, and nothing is started after the reader has stopped.
 * @param work must not reject
 */
export async function* inCompletionOrder<Item, Result>(
  items: Iterable<Item>,
  most: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void> {
  const running = new Map<number, Promise<{ number: number; result: Result }>>();
  const next = async (): Promise<Result> => {
    const { number, result } = await Promise.race(running.values());
    running.delete(number);
    return result;
  };
  let number = 0;
  for (const item of items) {
    const own = number++;
    running.set(
      own,
      work(item).then((result) => ({ number: own, result })),
    );
    if (running.size === most) yield await next();
  }
  while (running.size > 0) yield await next();
}
