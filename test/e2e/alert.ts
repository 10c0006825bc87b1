/** What the window says when something went wrong, as a person reads it. */
import type { Page } from '@playwright/test';
import { expect } from 'vitest';

/**
 * Waits for the panel with this code, and gives its sentences. It must say what happened, what that means for the data, and
 * what to do next, and nothing that only a programmer understands.
 */
export async function alertOf(window: Page, code: string, msMax = 60_000): Promise<string> {
  const panel = window.getByRole('alert').filter({ hasText: code }).first();
  await panel.waitFor({ timeout: msMax });
  const sentences = await panel.locator('p').allTextContents();
  expect(sentences, `${code} in three sentences and its code`).toHaveLength(4);
  for (const sentence of sentences) expect(sentence.trim().length, sentence).toBeGreaterThan(3);
  const text = sentences.slice(0, 3).join(' ');
  expect(text).not.toMatch(/\bundefined\b|\bnull\b|\[object|Error:|\bat .*:\d+:\d+|ZodError|stack/);
  return text;
}
