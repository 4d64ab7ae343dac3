// What a run says of one household. It is asked for only when somebody looks, and kept
// as long as the page: each asking is recorded.
import { useQuery } from '@tanstack/react-query';
import { answer, api } from '../../api/client';
import type { components } from '../../api/schema';
import type { Run } from '../types';

type Answers = components['schemas']['Answers'];

export const useAnswers = (run: Run | undefined, household: number, looking: boolean) =>
  useQuery({
    queryKey: ['circles', run?.id, 'household', household],
    queryFn: ({ signal }) =>
      answer<Answers>(
        api.GET('/circles/{id}/households/{household}', {
          signal,
          params: { path: { id: run?.id ?? 0, household } },
        }),
      ),
    enabled: looking && run?.state === 'done',
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
