// A test is a name and a function that throws. Usage: test("seconds are rounded", () => equal(about(12.4), "about 12 s"));

/** @type {{name: string, run: () => unknown}[]} */
export const tests = [];

/** @param {string} name the claim @param {() => unknown} run */
export function test(name, run) {
  tests.push({ name, run });
}

/** @param {unknown} found @param {unknown} wanted */
export function equal(found, wanted) {
  const [a, b] = [found, wanted].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`found ${a}, wanted ${b}`);
}
