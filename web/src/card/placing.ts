// Giving a household its place by a click on the map, or a new one.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App } from 'antd';
import { useTranslation } from 'react-i18next';
import { answer, api, asProblem } from '../api/client';
import type { Household, LonLat } from '../api/types';
import { useWords } from '../common/format';
import { usePage } from '../view/store';
import { nothingSelected, useView } from '../view/url';

export type HouseholdAction = {
  id: number;
  do: 'place' | 'move' | 'close' | 'reopen' | 'merge';
  point?: LonLat;
  into?: number;
};

/** useHouseholdAction does something to a household and refreshes what shows it. */
export function useHouseholdAction(done?: (household: Household) => void) {
  const client = useQueryClient();
  const { message } = App.useApp();
  const { t } = useTranslation();
  const word = useWords();
  return useMutation({
    mutationFn: ({ id, ...body }: HouseholdAction) =>
      answer<Household>(api.POST('/households/{id}/actions', { params: { path: { id } }, body })),
    onSuccess: (household, action) => {
      message.success(t(`household.did.${action.do}`, { unit: household.unit ?? t('place.nobody') }));
      for (const subject of ['household', 'households', 'status', 'unit', 'place']) {
        client.invalidateQueries({ queryKey: [subject] });
      }
      done?.(household);
    },
    onError: (cause) => {
      const problem = asProblem(cause);
      const known = word('problem', problem.code);
      message.error(`${known === problem.code ? problem.message : known} ${problem.detail}`, 8);
    },
  });
}

/** usePlacing is what a click on the map does while a household waits for its place. */
export function usePlacing(): (place: LonLat) => void {
  const [, setView] = useView();
  const action = useHouseholdAction((household) => {
    usePage.setState({ placing: null });
    setView({ ...nothingSelected, item: { kind: 'household', id: String(household.id) } });
  });
  return (point) => {
    const { placing } = usePage.getState();
    if (!placing || action.isPending) return;
    action.mutate({ id: placing.household.id, do: placing.action, point });
  };
}
