// The accounts that the reader keeps.
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { answer, api } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';

export type Account = components['schemas']['Account'];

/** useAccounts are those whose login contains the text. */
export const useAccounts = (text: string) =>
  useInfiniteQuery({
    queryKey: ['accounts', text],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      answer<List<Account>>(
        api.GET('/accounts', {
          signal,
          params: { query: { limit: 100, text: text || undefined, cursor: pageParam } },
        }),
      ),
    placeholderData: keepPreviousData, // a list that does not vanish while one types
    getNextPageParam: (page) => page.next,
    select: (pages) => pages.pages.flatMap((page) => page.items),
  });
