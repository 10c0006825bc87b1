/** A set-up step that cannot go on: what happened, what it means, what to do. Printed without a stack. */
export class SetUpError extends Error {
  /**
   * @param {string} what what happened
   * @param {string} consequence what it means for this checkout
   * @param {string} remedy what to do next
   */
  constructor(what, consequence, remedy, options) {
    super(`${what}\n${consequence}\n${remedy}`, options);
    this.name = 'SetUpError';
  }
}
