/** Returns a function that runs what it is given one after the other, in the order of the calls. */
export function takeTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    // A failure is its caller's affair; the next one has its turn all the same.
    const turn = last.then(work, work);
    last = turn;
    return turn;
  };
}
