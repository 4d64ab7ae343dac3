// Cards of single things: a household, an incident, a service point.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, InputNumber, Modal, Select, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { answer, api, asProblem } from '../api/client';
import {
  useCategories,
  useFunctions,
  useHousehold,
  useIncident,
  useServicePoint,
  useTiers,
  useUnit,
} from '../api/queries';
import type { components } from '../api/schema';
import type { Household, LonLat, ServicePoint } from '../api/types';
import { addressOf } from '../common/address';
import { moment, useLanguage, useTitle, useWords } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed, Loading } from '../common/states';
import { formatPlace } from '../map/coordinates';
import { usePage } from '../view/store';
import { type Item, nothingSelected, useView } from '../view/url';
import { Ages, Fact, ShowOnMap } from './card';
import { Copyable } from './copyable';
import { useHouseholdAction } from './placing';

type Schemas = components['schemas'];

export default function ItemCard({ item }: { item: Item }) {
  if (item.kind === 'household') return <HouseholdCard id={Number(item.id)} />;
  if (item.kind === 'incident') return <IncidentCard id={item.id} />;
  return <ServicePointCard id={Number(item.id)} />;
}

/** UnitLink names a unit by its code and opens it. */
function UnitLink({ code }: { code: string | null | undefined }) {
  const { t } = useTranslation();
  const [view, setView] = useView();
  const unit = useUnit(code ?? null, view.at).data;
  if (!code) return <span className="warn-text">{t('place.nobody')}</span>;
  return (
    <button type="button" className="unit-link" onClick={() => setView({ ...nothingSelected, unit: code })}>
      <span>{unit?.name ?? code}</span>
      <small className="figures">{code}</small>
    </button>
  );
}

function Point({ point }: { point: number[] | null }) {
  const { t } = useTranslation();
  const [lon, lat] = point ?? [];
  if (lon === undefined || lat === undefined)
    return <span className="warn-text">{t('household.unplaced')}</span>;
  return <Copyable text={formatPlace([lon, lat])} />;
}

function HouseholdCard({ id }: { id: number }) {
  const { t } = useTranslation();
  const word = useWords();
  const may = useMay();
  const found = useHousehold(id);
  if (found.isPending) return <Loading rows={6} />;
  if (found.isError) return <Failed cause={found.error} retry={() => found.refetch()} />;
  const household = found.data;
  return (
    <>
      <p className="eyebrow">
        {t('search.kind.household')}
        {household.closed_on && <Tag>{t('household.closedOn', { day: household.closed_on })}</Tag>}
      </p>
      <h2>{addressOf(household)}</h2>
      <dl className="facts">
        <Fact name={t('household.unit')}>
          <UnitLink code={household.unit} />
        </Fact>
        <Fact name={t('household.kind')}>{word('householdKind', household.kind)}</Fact>
        <Fact name={t('household.occupied')}>
          {household.occupied === null || household.occupied === undefined
            ? t('common.unknown')
            : t(household.occupied ? 'common.yes' : 'common.no')}
        </Fact>
        <Fact name={t('household.placedBy')}>
          {word('placedBy', household.placed_by)}
          {typeof household.confidence === 'number' && (
            <small className="soft figures"> {Math.round(household.confidence * 100)}%</small>
          )}
        </Fact>
        <Fact name={t('place.coordinates')}>
          <Point point={household.point} />
        </Fact>
        {household.cell && (
          <Fact name={t('place.cell')}>
            <Copyable text={household.cell} />
          </Fact>
        )}
        {may('record') && (
          <Fact name={t('household.visits')}>
            <Visits id={id} />
          </Fact>
        )}
        {may('record') && !household.closed_on && (
          <Fact name={t('household.keeper')}>
            <Keeper id={id} />
          </Fact>
        )}
        <Fact name={t('household.source')}>
          <span className="figures">
            {household.source} · {household.source_id}
          </span>
        </Fact>
      </dl>
      <Ages ages={household.ages} />
      {may('record') ? (
        <HouseholdActions household={household} />
      ) : (
        <div className="card-actions">
          <ShowOnMap point={household.point} />
        </div>
      )}
    </>
  );
}

/** useKept is what the server keeps of something, and a change of it, which answers what is kept then. */
function useKept<Kept, Change>(
  key: readonly unknown[],
  read: (signal: AbortSignal) => Promise<Kept>,
  write: (change: Change) => Promise<Kept>,
) {
  const { message } = App.useApp();
  const client = useQueryClient();
  const { data } = useQuery({ queryKey: key, queryFn: ({ signal }) => read(signal) });
  const change = useMutation({
    mutationFn: write,
    onSuccess: (now) => client.setQueryData(key, now),
    onError: (cause) => void message.error(asProblem(cause).message),
  });
  return [data, change] as const;
}

/** Keeper is the post that keeps in touch with a household, and lets it be another. */
function Keeper({ id }: { id: number }) {
  const { t } = useTranslation();
  const title = useTitle();
  const params = { path: { id } };
  const [kept, change] = useKept(
    ['household', id, 'link'],
    (signal) => answer<Schemas['Keeper']>(api.GET('/households/{id}/link', { params, signal })),
    (post: number) => answer<Schemas['Keeper']>(api.PUT('/households/{id}/link', { params, body: { post } })),
  );
  if (!kept) return null;
  const { post, choices } = kept;
  const offered = choices ?? [];
  const posts = post && !offered.some((one) => one.post === post.post) ? [post, ...offered] : offered;
  return (
    <Select
      className="keeper"
      size="small"
      aria-label={t('household.keeper')}
      getPopupContainer={overlays}
      popupMatchSelectWidth={false}
      allowClear
      placeholder={t('household.keeperNone')}
      value={post?.post ?? undefined}
      loading={change.isPending}
      onChange={(chosen?: number) => change.mutate(chosen ?? 0)}
      options={posts.map((one) => ({
        value: one.post,
        label: `${title(one, one.kind)}${one.ordinal > 1 ? ` ${one.ordinal}` : ''} · ${one.unit_name}`,
      }))}
    />
  );
}

/** Visits says whether a household wants any, and changes it for who visits there. */
function Visits({ id }: { id: number }) {
  const { t } = useTranslation();
  const params = { path: { id } };
  const [kept, change] = useKept(
    ['household', id, 'contact'],
    (signal) => answer<Schemas['Contact']>(api.GET('/households/{id}/contact', { params, signal })),
    (refused: boolean) =>
      answer<Schemas['Contact']>(api.PUT('/households/{id}/visits', { params, body: { refused } })),
  );
  if (!kept) return null;
  const refused = kept.visits_refused;
  return (
    <>
      {t(refused ? 'household.visitsRefused' : 'household.visitsWelcome')}{' '}
      <Button size="small" loading={change.isPending} onClick={() => change.mutate(!refused)}>
        {t(refused ? 'household.welcome' : 'household.refuse')}
      </Button>
    </>
  );
}

function HouseholdActions({ household }: { household: Household }) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const action = useHouseholdAction();
  const [merging, setMerging] = useState(false);
  const move = household.point ? 'move' : 'place';
  const close = () =>
    modal.confirm({
      getContainer: overlays,
      title: t('household.closeTitle'),
      okText: t('household.close'),
      cancelText: t('common.cancel'),
      onOk: () => action.mutateAsync({ id: household.id, do: 'close' }),
    });
  return (
    <div className="card-actions">
      <ShowOnMap point={household.point} />
      {household.closed_on ? (
        <Button loading={action.isPending} onClick={() => action.mutate({ id: household.id, do: 'reopen' })}>
          {t('household.reopen')}
        </Button>
      ) : (
        <>
          <Button onClick={() => usePage.setState({ placing: { household, action: move }, drawer: false })}>
            {t(`household.${move}`)}
          </Button>
          <Button onClick={() => setMerging(true)}>{t('household.merge')}</Button>
          <Button onClick={close}>{t('household.close')}</Button>
        </>
      )}
      {merging && <MergeDialog household={household} onClose={() => setMerging(false)} />}
    </div>
  );
}

/** MergeDialog joins a household that was recorded twice into the one that stays. */
function MergeDialog({ household, onClose }: { household: Household; onClose: () => void }) {
  const { t } = useTranslation();
  const [, setView] = useView();
  const [into, setInto] = useState<number | null>(null);
  const other = useHousehold(into && into !== household.id ? into : null);
  const action = useHouseholdAction(() => {
    onClose();
    if (into) setView({ ...nothingSelected, item: { kind: 'household', id: String(into) } });
  });
  return (
    <Modal
      getContainer={overlays}
      open
      title={t('household.mergeTitle', { address: addressOf(household) })}
      okText={t('household.merge')}
      cancelText={t('common.cancel')}
      okButtonProps={{ disabled: !other.data, loading: action.isPending }}
      onOk={() => into && action.mutate({ id: household.id, do: 'merge', into })}
      onCancel={onClose}
    >
      <p>{t('household.mergeHint')}</p>
      <div className="form-row">
        <label htmlFor="merge-into">{t('household.mergeInto')}</label>
        <InputNumber id="merge-into" min={1} precision={0} controls={false} value={into} onChange={setInto} />
      </div>
      {other.data && <p className="note">{addressOf(other.data)}</p>}
      {other.isError && <Failed cause={other.error} />}
    </Modal>
  );
}

function IncidentCard({ id }: { id: string }) {
  const { t } = useTranslation();
  const word = useWords();
  const language = useLanguage();
  const title = useTitle();
  const found = useIncident(id);
  const categories = useCategories().data;
  if (found.isPending) return <Loading rows={6} />;
  if (found.isError) return <Failed cause={found.error} retry={() => found.refetch()} />;
  const incident = found.data;
  return (
    <>
      <p className="eyebrow">
        {t('search.kind.incident')} <Tag>{word('incidentState', incident.state)}</Tag>
      </p>
      <h2>
        {title(
          categories?.find((category) => category.code === incident.category),
          incident.category,
        )}
      </h2>
      <dl className="facts">
        <Fact name={t('household.unit')}>
          <UnitLink code={incident.unit} />
        </Fact>
        {incident.address && <Fact name={t('place.address')}>{incident.address}</Fact>}
        {incident.department && <Fact name={t('incident.department')}>{incident.department}</Fact>}
        <Fact name={t('incident.reported')}>{moment(incident.reported_at, language)}</Fact>
        {incident.due_at && <Fact name={t('incident.due')}>{moment(incident.due_at, language)}</Fact>}
        {incident.closed_at && (
          <Fact name={t('incident.closed')}>{moment(incident.closed_at, language)}</Fact>
        )}
        <Fact name={t('place.coordinates')}>
          <Point point={incident.point} />
        </Fact>
      </dl>
      <div className="card-actions">
        <ShowOnMap point={incident.point} />
      </div>
    </>
  );
}

type Offer = ServicePoint['functions'][number];

/** groupOffers puts functions together that have the same hours, sessions and items. */
export function groupOffers(offers: readonly Offer[]) {
  const groups = new Map<string, Omit<Offer, 'function'> & { functions: string[] }>();
  for (const { function: code, ...offer } of offers) {
    const key = JSON.stringify([offer.hours, offer.sessions, offer.items]);
    const group = groups.get(key);
    if (group) group.functions.push(code);
    else groups.set(key, { ...offer, functions: [code] });
  }
  return [...groups.values()];
}

function ServicePointCard({ id }: { id: number }) {
  const { t } = useTranslation();
  const word = useWords();
  const title = useTitle();
  const language = useLanguage();
  const found = useServicePoint(id);
  const tiers = useTiers().data;
  const functions = useFunctions().data;
  if (found.isPending) return <Loading rows={6} />;
  if (found.isError) return <Failed cause={found.error} retry={() => found.refetch()} />;
  const point = found.data;
  const yes = (value: boolean | null | undefined) =>
    t(value === null || value === undefined ? 'common.unknown' : value ? 'common.yes' : 'common.no');
  return (
    <>
      <p className="eyebrow">
        {title(
          tiers?.find((tier) => tier.code === point.tier),
          point.tier,
        )}{' '}
        <Tag>{word('pointState', point.state)}</Tag>
      </p>
      <h2>{point.name}</h2>
      <ul className="functions">
        {groupOffers(point.functions ?? []).map((offer) => (
          <li key={offer.functions.join()}>
            <strong>
              {offer.functions
                .map((code) =>
                  title(
                    functions?.find((one) => one.code === code),
                    code,
                  ),
                )
                .join(language === 'en' ? ', ' : '、')}
            </strong>
            {offer.hours && <span className="figures">{offer.hours}</span>}
            {offer.sessions && <span className="figures soft">{offer.sessions}</span>}
            {offer.items.length > 0 && (
              <span className="soft">{offer.items.join(language === 'en' ? ', ' : '、')}</span>
            )}
          </li>
        ))}
      </ul>
      <dl className="facts">
        <Fact name={t('household.unit')}>
          <UnitLink code={point.unit} />
        </Fact>
        {point.address && <Fact name={t('place.address')}>{point.address}</Fact>}
        {typeof point.capacity === 'number' && (
          <Fact name={t('servicePoint.capacity')}>
            <span className="figures">{point.capacity}</span>
          </Fact>
        )}
        <Fact name={t('servicePoint.groundFloor')}>{yes(point.ground_floor)}</Fact>
        <Fact name={t('servicePoint.stepFree')}>{yes(point.step_free)}</Fact>
        {point.mobile && <Fact name={t('servicePoint.mobile')}>{yes(true)}</Fact>}
        <Fact name={t('place.coordinates')}>
          <Point point={point.point as LonLat} />
        </Fact>
      </dl>
      <div className="card-actions">
        <ShowOnMap point={point.point} />
      </div>
    </>
  );
}
