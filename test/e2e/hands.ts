/** What a person does in the window: press, go to a screen, become another profile, agree to a question. */
import type { Locator, Page } from '@playwright/test';

/** The hands of whoever sits before `window`. */
export function handsAt(window: Page) {
  /** What is pressed, be it a button or a link that looks like one. */
  const button = (name: string): Locator =>
    window.getByRole('button', { name, exact: true }).or(window.getByRole('link', { name, exact: true }));
  return {
    button,
    press: (name: string) => button(name).first().click(),
    /** Goes to a screen by the rail. */
    open: (screen: string) => window.getByRole('navigation').getByRole('link', { name: screen, exact: true }).click(),
    /** Opens the entry of a list whose words match. */
    choose: (entry: RegExp) => window.getByRole('row', { name: entry }).click(),
    /** Presses the button in the question that is open. */
    agree: (name: string) =>
      window.getByRole('alertdialog').or(window.getByRole('dialog')).getByRole('button', { name, exact: true }).click(),
    /** Fills fields by keyboard alone, each named by its label. */
    async type(fields: Readonly<Record<string, string>>): Promise<void> {
      for (const [label, text] of Object.entries(fields)) {
        await window.getByRole('textbox', { name: label, exact: true }).focus();
        await window.keyboard.press('ControlOrMeta+a');
        await window.keyboard.type(text);
      }
    },
    /** Switches to another profile in the title bar, unless it is the active one. */
    async become(name: string): Promise<void> {
      if (await window.getByRole('button', { name: `Profile ${name}; switch`, exact: true }).isVisible()) return;
      await window.getByRole('button', { name: /^Profile .*; switch$/ }).click();
      await window.getByRole('menuitem', { name: new RegExp(name) }).click();
      await window.getByRole('heading', { name: `Hello, ${name}` }).waitFor();
    },
  };
}
