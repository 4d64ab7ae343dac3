// A report of a resident without an account: where, what, and few words.
import { AimOutlined, SearchOutlined } from '@ant-design/icons';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Alert, Button, Input } from 'antd';
import { lazy, Suspense, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { API, answer, api, asProblem } from '../api/client';
import type { List } from '../api/queries';
import type { components } from '../api/schema';
import type { LonLat } from '../api/types';
import { length, useLanguage, useTitle } from '../common/format';
import { Failed, Nothing } from '../common/states';
import { looksPersonal } from '../patrol/personal';
import { blank, bodyOf, type Draft, forget, keep, LONGEST, pointOf, remembered, type Where } from './draft';
import { Frame, type Offer } from './frame';
import { CodeForm } from './look-up';
import { PhotoPicker } from './photo-picker';
import { canSend, hand, MOST, type Ready } from './photos';
import { serves } from './queries';

const PlaceMap = lazy(() => import('./place-map'));

type Schemas = components['schemas'];
type Category = Schemas['Category'];
type Seen = Schemas['Seen'];

export default function ReportPage() {
  const { t } = useTranslation();
  return (
    <Frame title={t('resident.title')}>
      {(offer) =>
        offer.report ? (
          <Writing offer={offer} />
        ) : (
          <main className="enquiry-off">
            <Nothing title={t('resident.off')}>{t('resident.offHint')}</Nothing>
          </main>
        )
      }
    </Frame>
  );
}

/** lost is a failure after which nobody knows whether the report arrived. */
const lost = (cause: unknown) => [0, 500, 502, 503, 504].includes(asProblem(cause).status);

function Writing({ offer }: { offer: Offer }) {
  const { t } = useTranslation();
  const go = useNavigate();
  const [draft, setDraft] = useState(remembered);
  const [photos, setPhotos] = useState<Ready[]>([]);
  const website = useRef<HTMLInputElement>(null);
  const id = useId();
  const set = (change: Partial<Draft>) => {
    const next = { ...draft, ...change };
    setDraft(next);
    keep(next);
  };
  const clear = () => {
    forget();
    setDraft(blank());
    setPhotos([]);
    send.reset();
  };
  const send = useMutation({
    mutationFn: () => {
      set({ sent: true });
      const trap = website.current?.value;
      return answer<Schemas['Receipt']>(
        api.POST('/public/incidents', { body: { ...bodyOf(draft), ...(trap ? { website: trap } : {}) } }),
      );
    },
    onSuccess: ({ code, redacted }) => {
      forget();
      hand(code, photos);
      go(`/public/report/${code}`, { replace: true, state: { fresh: true, redacted } });
    },
    onError: (cause) => {
      if (!lost(cause)) set({ sent: false });
    },
  });
  const ready = draft.where !== null && draft.category !== '';
  const waiting = draft.sent && !send.isPending;
  return (
    <main className="enquiry-main report">
      <Alert type="warning" showIcon title={t('resident.danger')} />
      <p className="soft">{t('resident.lead')}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && !send.isPending) send.mutate();
        }}
      >
        <fieldset disabled={draft.sent}>
          <Place
            key={draft.id}
            offer={offer}
            fixed={draft.sent}
            where={draft.where}
            onPlace={(where) => set({ where })}
          />
          <section>
            <Categories chosen={draft.category} onChoose={(category) => set({ category })} />
          </section>
          {canSend() && (
            <section>
              <PhotoPicker
                photos={photos}
                room={MOST - photos.length}
                disabled={draft.sent}
                onAdd={(more) => setPhotos((all) => [...all, ...more].slice(0, MOST))}
                onRemove={(gone) => setPhotos((all) => all.filter(({ id }) => id !== gone))}
              />
            </section>
          )}
          <section>
            <label className="report-label" htmlFor={`${id}text`}>
              {t('resident.text')}
            </label>
            <Input.TextArea
              id={`${id}text`}
              rows={3}
              maxLength={LONGEST}
              disabled={draft.sent}
              value={draft.text}
              aria-describedby={`${id}hint`}
              onChange={(event) => set({ text: event.target.value })}
            />
            <p id={`${id}hint`} className="hint">
              {t('resident.textHint')}
            </p>
            {looksPersonal(draft.text) && (
              <p className="warn-text" role="status">
                {t('resident.numbers')}
              </p>
            )}
            <label className="report-check">
              <input
                type="checkbox"
                checked={draft.private}
                onChange={(event) => set({ private: event.target.checked })}
              />
              {t('resident.private')}
            </label>
            <input
              ref={website}
              className="off-screen"
              name="website"
              aria-hidden="true"
              tabIndex={-1}
              autoComplete="off"
            />
          </section>
        </fieldset>
        {!draft.sent && <Around at={pointOf(draft.where)} category={draft.category} onSame={clear} />}
        <div aria-live="polite">
          {waiting && <Alert type="warning" showIcon title={t('resident.lost')} />}
          {send.isError && !lost(send.error) && <Failed cause={send.error} />}
        </div>
        <div className="report-send">
          <Button
            size="large"
            type="primary"
            htmlType="submit"
            disabled={!ready}
            loading={send.isPending}
            aria-describedby={`${id}kept`}
          >
            {t(waiting ? 'resident.again' : 'resident.send')}
          </Button>
          <Button size="large" disabled={send.isPending} onClick={clear}>
            {t('resident.clear')}
          </Button>
        </div>
        <p id={`${id}kept`} className="hint">
          {!ready && `${t('resident.missing')} `}
          {t('resident.kept')} {photos.length > 0 && t('resident.photos.kept')}
        </p>
      </form>
      <CodeForm />
    </main>
  );
}

type PlaceProps = {
  offer: Offer;
  where: Where | null;
  fixed: boolean;
  onPlace: (where: Where | null) => void;
};

/** Place is where it is: the phone's own place, an address, or a place of the map. */
function Place({ offer, where, fixed, onPlace }: PlaceProps) {
  const { t } = useTranslation();
  const id = useId();
  const [text, setText] = useState(where?.by === 'typed' ? where.address : '');
  const [look, setLook] = useState<LonLat | null>(pointOf(where));
  const here = useMutation({ mutationFn: whereIAm });
  const find = useMutation({ mutationFn: (address: string) => serves({ address }) });
  const put = (next: Where | null, goThere = true) => {
    onPlace(next);
    if (goThere) setLook(pointOf(next));
  };
  const search = () => {
    const address = text.trim();
    if (!address || fixed) return;
    here.reset();
    if (!offer.service) {
      put({ by: 'typed', address });
      return;
    }
    find.mutate(address, {
      onSuccess: (found) => put({ by: 'address', point: found.point as LonLat, found: found.found }),
      onError: () => put(null),
    });
  };
  return (
    <section aria-labelledby={`${id}place`}>
      <h2 id={`${id}place`}>{t('resident.place')}</h2>
      <p className="hint">{t(offer.map ? 'resident.placeHintMap' : 'resident.placeHint')}</p>
      {canLocate() && (
        <Button
          size="large"
          block
          disabled={fixed}
          icon={<AimOutlined aria-hidden="true" />}
          loading={here.isPending}
          onClick={() => {
            find.reset();
            here.mutate(undefined, { onSuccess: (found) => put(found), onError: () => onPlace(null) });
          }}
        >
          {t(here.isPending ? 'resident.finding' : 'resident.here')}
        </Button>
      )}
      <div className="enquiry-form">
        <Input
          size="large"
          aria-label={t('resident.address')}
          placeholder={t('enquiry.example')}
          maxLength={200}
          autoComplete="off"
          disabled={fixed}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            if (where?.by === 'typed') onPlace(null);
          }}
          onPressEnter={(event) => {
            event.preventDefault();
            search();
          }}
        />
        <Button
          size="large"
          disabled={fixed}
          icon={<SearchOutlined aria-hidden="true" />}
          loading={find.isPending}
          onClick={search}
        >
          {t('resident.search')}
        </Button>
      </div>
      {offer.map && (
        <Suspense fallback={<div className="enquiry-map" />}>
          <PlaceMap
            place={pointOf(where)}
            look={look}
            label={t('resident.map')}
            reviewNumber={offer.review_number}
            onPick={(point) => {
              if (fixed) return;
              here.reset();
              find.reset();
              put({ by: 'map', point }, false);
            }}
          />
        </Suspense>
      )}
      <div aria-live="polite">
        {here.isError && <p className="warn-text">{t('resident.notHere')}</p>}
        {find.isError && <Failed cause={find.error} />}
        {where && <Chosen where={where} asked={offer.service} />}
        {find.data && find.data.units.length > 1 && where?.by === 'address' && (
          <p className="soft">{t('resident.several', { count: find.data.units.length })}</p>
        )}
      </div>
    </section>
  );
}

/** canLocate is false where the browser gives no place to a page: without TLS. */
const canLocate = () => window.isSecureContext && 'geolocation' in navigator;

/** The phone is given so long to find itself, and may say where it was so long ago; in milliseconds. */
const PATIENCE = 20_000;
const RECENT = 30_000;

const whereIAm = () =>
  new Promise<Where>((resolve, reject) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) =>
        resolve({ by: 'here', point: [coords.longitude, coords.latitude], accuracy: coords.accuracy }),
      reject,
      { enableHighAccuracy: true, timeout: PATIENCE, maximumAge: RECENT },
    );
  });

/** Chosen says what was chosen, and whose it is. */
function Chosen({ where, asked }: { where: Where; asked: boolean }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const point = pointOf(where);
  const served = useQuery({
    queryKey: ['public', 'serves', point],
    enabled: asked && point !== null,
    retry: false,
    queryFn: () => serves({ point: point as LonLat }),
  });
  const unit = served.data?.units[0];
  return (
    <>
      <p>
        {where.by === 'map' && t('resident.byMap')}
        {where.by === 'here' && t('resident.byHere', { accuracy: length(where.accuracy, language) })}
        {where.by === 'address' && t('resident.byAddress', { what: where.found })}
        {where.by === 'typed' && t('resident.asTyped', { what: where.address })}{' '}
        {unit && t('resident.within', { name: unit.name })}
      </p>
      {served.isError && asProblem(served.error).code === 'place_unserved' && (
        <p className="warn-text">{t('resident.outside')}</p>
      )}
    </>
  );
}

/** Categories are those of which residents may report, in their groups. */
function Categories({ chosen, onChoose }: { chosen: string; onChoose: (code: string) => void }) {
  const { t } = useTranslation();
  const title = useTitle();
  const id = useId();
  const list = useQuery({
    queryKey: ['public', 'categories'],
    queryFn: ({ signal }) => answer<List<Category>>(api.GET('/public/incident-categories', { signal })),
    select: ({ items }) => items,
  });
  const items = list.data ?? [];
  const large = items.filter(({ parent }) => parent === '');
  const small = items.filter(({ parent }) => parent !== '');
  const groups = [
    ...large.map((group) => ({ group, of: small.filter(({ parent }) => parent === group.code) })),
    // The group itself may be closed to residents.
    { group: undefined, of: small.filter(({ parent }) => !large.some(({ code }) => code === parent)) },
  ].filter(({ of }) => of.length > 0);
  const option = (one: Category) => (
    <option key={one.code} value={one.code}>
      {title(one, one.code)}
    </option>
  );
  return (
    <>
      <label className="report-label" htmlFor={id}>
        {t('resident.category')}
      </label>
      {list.isError && <Failed cause={list.error} retry={() => list.refetch()} />}
      <select
        id={id}
        className="report-select"
        value={chosen}
        onChange={(event) => onChoose(event.target.value)}
      >
        <option value="">{t('resident.choose')}</option>
        {groups.map(({ group, of }) =>
          group ? (
            <optgroup key={group.code} label={title(group, group.code)}>
              {of.map(option)}
            </optgroup>
          ) : (
            of.map(option)
          ),
        )}
      </select>
    </>
  );
}

/** How many reports like this one are shown. */
const SHOWN = 3;

/** Around are open reports of the class that everybody sees about there. */
function Around(props: { at: LonLat | null; category: string; onSame: () => void }) {
  const { t } = useTranslation();
  const title = useTitle();
  const { at, category } = props;
  const near = useQuery({
    queryKey: ['public', 'near', at, category],
    enabled: at !== null && category !== '',
    queryFn: ({ signal }) =>
      answer<List<Seen>>(
        api.GET('/public/incidents', {
          signal,
          params: { query: { category, near: at as LonLat } },
          querySerializer: { array: { style: 'form', explode: false } },
        }),
      ),
    select: ({ items }) => items.filter(({ state }) => state !== 'closed'),
  });
  const found = near.data ?? [];
  if (found.length === 0) return null;
  return (
    <section className="report-around" role="status">
      <h2>{t('resident.around', { count: found.length })}</h2>
      <p className="hint">
        {t('resident.aroundHint')} {t('resident.aroundPrivate')}
      </p>
      <ul className="enquiry-points">
        {found.slice(0, SHOWN).map((one) => (
          <li key={one.number}>
            <span className="soft figures">{t('resident.reported', { day: one.day, unit: one.unit })}</span>
            <strong>{title(one, one.category)}</strong>
            <span>{t(`resident.receipt.state.${one.state}`)}</span>
            {one.photos[0] && (
              <img
                className="report-photo"
                src={`${API}/public/photos/${one.photos[0]}`}
                alt={t('resident.photo', { what: title(one, one.category) })}
                loading="lazy"
              />
            )}
          </li>
        ))}
      </ul>
      <Button onClick={props.onSame}>{t('resident.same')}</Button>
    </section>
  );
}
