// Whether residents may report, how much of it a town takes, and of what.
import { useQuery } from '@tanstack/react-query';
import { Button, Checkbox, InputNumber, Switch } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';
import { useTitle } from '../common/format';
import type { Offer } from '../enquiry/frame';
import { Shown, useChange } from './common';

type Category = components['schemas']['Category'];

export function ResidentReports({ offer }: { offer: Offer }) {
  const { t } = useTranslation();
  const id = useId();
  const [daily, setDaily] = useState<number | null>(offer.daily ?? null);
  const change = useChange(
    (next: Partial<Offer>) => answer<Offer>(api.PUT('/public/settings', { body: { ...offer, ...next } })),
    ['public', 'audit'],
  );
  return (
    <section className="admin-card" aria-labelledby={`${id}title`}>
      <div className="admin-switch">
        <Switch
          aria-labelledby={`${id}title`}
          checked={offer.report}
          loading={change.isPending}
          onChange={(report) => change.mutate({ report })}
        />
        <div>
          <h2 id={`${id}title`}>{t('switches.report')}</h2>
          <p className="soft">{t('switches.reportHint')}</p>
        </div>
      </div>
      <div className="admin-inline">
        <label htmlFor={`${id}daily`}>{t('switches.daily')}</label>
        <InputNumber<number>
          id={`${id}daily`}
          min={1}
          max={10_000}
          precision={0}
          value={daily}
          onChange={setDaily}
        />
        <Button
          disabled={!daily || daily === offer.daily}
          onClick={() => change.mutate({ daily: daily ?? 0 })}
        >
          {t('common.save')}
        </Button>
      </div>
      <p className="hint">{t('switches.dailyHint')}</p>
      <Classes />
    </section>
  );
}

/** Classes are all there are, those marked of which residents may report. */
function Classes() {
  const all = useQuery({
    queryKey: ['incident-categories'],
    queryFn: ({ signal }) => answer<List<Category>>(api.GET('/incident-categories', { signal })),
    select: ({ items }) => items,
  });
  const open = useQuery({
    queryKey: ['public', 'categories'],
    queryFn: ({ signal }) => answer<List<Category>>(api.GET('/public/incident-categories', { signal })),
    select: ({ items }) => items.map(({ code }) => code),
  });
  return (
    <Shown query={all}>
      {(categories) => (
        <Shown query={open}>
          {(codes) => <Choice key={codes.join()} categories={categories} open={codes} />}
        </Shown>
      )}
    </Shown>
  );
}

/** codesOf are the chosen classes with the large ones that have one of them. */
export function codesOf(categories: readonly Category[], chosen: readonly string[]): string[] {
  const large = categories.filter(({ code }) =>
    categories.some((small) => small.parent === code && chosen.includes(small.code)),
  );
  return [...large.map(({ code }) => code), ...chosen];
}

function Choice({ categories, open }: { categories: readonly Category[]; open: readonly string[] }) {
  const { t } = useTranslation();
  const title = useTitle();
  const small = categories.filter(({ parent }) => parent !== '');
  const before = small.filter(({ code }) => open.includes(code)).map(({ code }) => code);
  const [chosen, setChosen] = useState<readonly string[]>(before);
  const change = useChange(
    (codes: string[]) => answer(api.PUT('/public/incident-categories', { body: { codes } })),
    ['public', 'audit'],
    t('switches.saved'),
  );
  const same = chosen.length === before.length && before.every((code) => chosen.includes(code));
  return (
    <>
      <h3>{t('switches.categories')}</h3>
      <p className="hint">{t('switches.categoriesHint')}</p>
      <div className="admin-classes">
        {categories
          .filter(({ parent }) => parent === '')
          .map((group) => (
            <fieldset key={group.code}>
              <legend>{title(group, group.code)}</legend>
              {small
                .filter(({ parent }) => parent === group.code)
                .map((one) => (
                  <Checkbox
                    key={one.code}
                    checked={chosen.includes(one.code)}
                    onChange={({ target }) =>
                      setChosen(
                        target.checked ? [...chosen, one.code] : chosen.filter((code) => code !== one.code),
                      )
                    }
                  >
                    {title(one, one.code)}
                  </Checkbox>
                ))}
            </fieldset>
          ))}
      </div>
      <div className="admin-inline">
        <Button
          type="primary"
          disabled={same}
          loading={change.isPending}
          onClick={() => change.mutate(codesOf(categories, chosen))}
        >
          {t('common.save')}
        </Button>
        <span className="soft figures" role="status">
          {t('switches.chosen', { count: chosen.length })}
        </span>
      </div>
    </>
  );
}
