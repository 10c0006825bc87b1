/** The sealed documents of a home behind the {@link Documents} port of workflows and services. */
import type { Documents } from '../sharing/documents.ts';
import type { HomeStore } from './home-store.ts';

export function homeDocuments(home: HomeStore): Documents {
  return {
    load: async (name, schema) => (await home.read(name, schema)) ?? undefined,
    save: (name, value) => home.write(name, value),
    list: async (prefix) => (await home.list()).filter((name) => name.startsWith(prefix)),
  };
}
