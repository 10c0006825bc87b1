/** The secret window. */
export {};
