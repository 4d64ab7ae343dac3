// What happens, for the pages that show it: one subscription of the tab, however many of
// its parts look.
import { type InfiniteData, type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { create } from 'zustand';
import { useSession } from '../account/session';
import type { List } from '../api/queries';
import type { Incident } from '../api/types';
import type { Said } from './hub';
import { apply, type Happened, nothing, type Picture } from './picture';
import { type Watching, watch } from './share';
import type { Status } from './stream';

type Live = { picture: Picture; status: Status; tabs: number; opened: number };

const before: Live = { picture: nothing, status: { state: 'connecting' }, tabs: 0, opened: 0 };
const useStore = create<Live>(() => before);

/** heard is what is known after something was said. */
export function heard(live: Live, said: Said): Live {
  if (said.kind === 'picture') return { ...live, picture: said.picture, status: said.status };
  if (said.kind === 'event') return { ...live, picture: apply(live.picture, said.event, said.at) };
  if (said.kind === 'status') return { ...live, status: said.status };
  return { ...live, tabs: said.tabs, opened: said.opened };
}

let users = 0;
let watching: Watching | null = null;

/** useLive is what is known of what happens, while some part of the page shows it. */
export function useLive(): Live {
  const account = useSession().data?.account;
  const client = useQueryClient();
  useEffect(() => {
    if (account === undefined) return;
    users++;
    watching ??= watch(account, (said) => {
      useStore.setState(heard(useStore.getState(), said));
      if (said.kind === 'event') refresh(client, said);
    });
    return () => {
      users--;
      if (users > 0) return;
      watching?.stop();
      watching = null;
      useStore.setState(before);
    };
  }, [account, client]);
  return useStore();
}

/** connectAgain tries now, and after a sign-in in another tab. */
export const connectAgain = (): void => watching?.say({ kind: 'again' });

type Pages = InfiniteData<List<Incident>>;

/** moved is a list of a state after an incident has changed: as it stands now, or without it when it has left. */
export function moved(pages: Pages, happened: Happened, state: string | undefined): Pages {
  const left = state !== undefined && state !== happened.state;
  if (!pages.pages.some((page) => page.items.some(({ id }) => id === happened.id))) return pages;
  return {
    ...pages,
    pages: pages.pages.map((page) => ({
      ...page,
      total: left && page.total !== undefined ? page.total - 1 : page.total,
      items: page.items.flatMap((one) => {
        if (one.id !== happened.id) return [one];
        const { unit, category, deadline } = happened;
        return left
          ? []
          : [{ ...one, unit, category, due_at: deadline, state: happened.state as Incident['state'] }];
      }),
    })),
  };
}

/** How long changes are gathered before counts are read again, in milliseconds. */
const GATHER = 1000;
let gathering: ReturnType<typeof setTimeout> | null = null;

/** refresh has the lists on the page say what has happened. */
function refresh(client: QueryClient, { event }: Extract<Said, { kind: 'event' }>): void {
  if (event.name === 'reset') {
    client.invalidateQueries({ queryKey: ['incidents'] });
    client.invalidateQueries({ queryKey: ['incident'] });
    client.invalidateQueries({ queryKey: ['incident-tallies'] });
    return;
  }
  const [happened] = apply(nothing, event, 0).news;
  if (!happened) return;
  for (const query of client.getQueryCache().findAll({ queryKey: ['incidents'] })) {
    const asked = query.queryKey[3] as { state?: string } | undefined;
    client.setQueryData<Pages>(query.queryKey, (old) => old?.pages && moved(old, happened, asked?.state));
  }
  client.invalidateQueries({ queryKey: ['incident', happened.id] });
  if (gathering) return;
  gathering = setTimeout(() => {
    gathering = null;
    client.invalidateQueries({ queryKey: ['incident-tallies'] });
    // Lists of several states are not watched by their counts: short ones are read again.
    client.invalidateQueries({
      queryKey: ['incidents'],
      predicate: ({ queryKey, state }) =>
        (queryKey[3] as { state?: string } | undefined)?.state === undefined &&
        ((state.data as Pages | undefined)?.pages?.length ?? 0) <= 1,
    });
  }, GATHER);
}
