// Households whose place is not known yet: pick one, then click the map.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App, Button, Input, Pagination } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api, asProblem } from '../api/client';
import { useUnplaced } from '../api/queries';
import type { Household } from '../api/types';
import { addressOf } from '../common/address';
import { count, useLanguage, useWords } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { usePage } from '../view/store';
import { nothingSelected, useView } from '../view/url';

const PAGE = 20;

/** filterHouseholds keeps those whose address or id contains every word of the text. */
export function filterHouseholds(rows: readonly Household[], text: string): Household[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((household) => {
    const written = `${addressOf(household)} ${household.compound} ${household.source_id}`.toLowerCase();
    return words.every((word) => written.includes(word));
  });
}

export default function UnplacedPanel() {
  const { t } = useTranslation();
  const language = useLanguage();
  const [text, setText] = useState('');
  const [page, setPage] = useState(1);
  const found = useUnplaced();
  const rows = filterHouseholds(found.data?.rows ?? [], text);
  const total = found.data?.total ?? 0;
  return (
    <section className="block" aria-label={t('unplaced.title')}>
      <p className="soft">{t('unplaced.hint')}</p>
      {total > 0 && (
        <>
          <Match />
          <Input
            aria-label={t('unplaced.filter')}
            placeholder={t('unplaced.filter')}
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setPage(1);
            }}
          />
        </>
      )}
      {found.isPending && <Loading rows={6} />}
      {found.isError && <Failed cause={found.error} retry={() => found.refetch()} />}
      {found.data && rows.length === 0 && (
        <Nothing title={t(total > 0 ? 'unplaced.noneFound' : 'unplaced.none')} />
      )}
      <ul className="rows">
        {rows.slice((page - 1) * PAGE, page * PAGE).map((household) => (
          <Row key={household.id} household={household} />
        ))}
      </ul>
      {total > 0 && (
        <div className="pager">
          <span className="soft" role="status">
            {t('unplaced.total', { total: count(total, language) })}
          </span>
          <Pagination
            size="small"
            simple
            hideOnSinglePage
            current={page}
            pageSize={PAGE}
            total={rows.length}
            onChange={setPage}
          />
        </div>
      )}
    </section>
  );
}

function Row({ household }: { household: Household }) {
  const { t } = useTranslation();
  const word = useWords();
  const [, setView] = useView();
  const chosen = usePage((page) => page.placing?.household.id === household.id);
  return (
    <li className={chosen ? 'row row-chosen' : 'row'}>
      <button
        type="button"
        className="unit-link"
        onClick={() => setView({ ...nothingSelected, item: { kind: 'household', id: String(household.id) } })}
      >
        <span>{addressOf(household)}</span>
        <small className="soft">
          {word('householdKind', household.kind)} · {household.source_id}
        </small>
      </button>
      <Button
        size="small"
        type={chosen ? 'primary' : 'default'}
        onClick={() => usePage.setState({ placing: { household, action: 'place' }, drawer: false })}
      >
        {t('household.place')}
      </Button>
    </li>
  );
}

/** Match places all households whose doorplate is known from others or from the map. */
function Match() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const match = useMutation({
    mutationFn: () => answer<{ placed: number }>(api.POST('/households/matches')),
    onSuccess: ({ placed }) => {
      message.info(t('unplaced.matched', { count: placed }));
      for (const subject of ['households', 'household', 'status']) {
        client.invalidateQueries({ queryKey: [subject] });
      }
    },
    onError: (cause) => void message.error(asProblem(cause).message),
  });
  return (
    <Button size="small" className="match" loading={match.isPending} onClick={() => match.mutate()}>
      {t('unplaced.match')}
    </Button>
  );
}
