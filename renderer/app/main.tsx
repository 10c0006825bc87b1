/** The main window. */
export {};
