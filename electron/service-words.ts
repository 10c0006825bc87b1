/** What sentences call the parts of the program that run in processes of their own. */
import { type Sentence, say, verbatim } from '../core/base/sentence.ts';

const words: Readonly<Record<string, Sentence>> = {
  vault: say`vault`,
  data: say`data`,
  prover: say`prover`,
  operator: say`operator`,
  validator: say`validator`,
  pkg: say`pkg`,
  proxy: say`proxy`,
  backup: say`backup`,
};

/** The words for a kind of service. */
export function serviceWords(kind: string): Sentence {
  return words[kind] ?? verbatim(kind);
}
