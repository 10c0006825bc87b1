/** What is sent at a time is bounded by number and by bytes together. */

/** The first values that keep within both bounds; one at least, because a single value is bounded where it is made. */
export function firstFitting<Value>(
  values: readonly Value[],
  bounds: { readonly count: number; readonly bytes: number },
  bytesOf: (value: Value) => number,
): Value[] {
  let bytes = 0;
  const end = values.findIndex((value, index) => {
    bytes += bytesOf(value);
    return index > 0 && (index >= bounds.count || bytes > bounds.bytes);
  });
  return values.slice(0, end === -1 ? values.length : end);
}
