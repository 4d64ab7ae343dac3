// A consultation as a resident sees it: the division as it is and as it is proposed,
// which unit a place is in and will be in, and what residents say. No account, and
// nothing is asked of who one is.
import { SearchOutlined } from '@ant-design/icons';
import { useMutation } from '@tanstack/react-query';
import { Marker } from '@vis.gl/react-maplibre';
import { Alert, Button, Input, Segmented } from 'antd';
import { useCallback, useId, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { components } from '../api/schema';
import type { LonLat } from '../api/types';
import { moment, useLanguage } from '../common/format';
import { Failed, Loading } from '../common/states';
import { boundsOf } from '../map/camera';
import { usePalette } from '../theme/theme';
import { Serving } from './page';
import PlaceMap from './place-map';
import {
  type Question,
  type Remark,
  say,
  useConsultations,
  useRemarks,
  useShownUnits,
  type Where,
  where,
} from './queries';
import { SIDES, type Sides, withSides } from './sides';

export default function Consulted({ id, offer }: { id: number; offer: components['schemas']['Offer'] }) {
  const { t } = useTranslation();
  const [place, setPlace] = useState<LonLat | null>(null);
  const [side, setSide] = useState<Sides>('both');
  const units = useShownUnits(id);
  const remarks = useRemarks(id);
  const about = useConsultations().data?.find((one) => one.plan_id === id);
  const palette = usePalette();
  const on = useCallback(
    (style: Parameters<typeof withSides>[0]) => withSides(style, units.data, side, palette),
    [units.data, side, palette],
  );
  const bounds = useMemo(
    () => boundsOf(units.data?.features.map((one) => one.geometry?.coordinates) ?? []),
    [units.data],
  );
  const ask = useMutation({
    mutationFn: (question: Question) => where(id, question),
    onSuccess: ({ point }) => setPlace(point),
  });
  return (
    <main className="enquiry-main enquiry-with-map">
      <div className="enquiry-side">
        <Link to="/public">{t('enquiry.consult.back')}</Link>
        {units.isError && <Failed cause={units.error} retry={() => units.refetch()} />}
        {about && (
          <>
            <h2>{about.title}</h2>
            <p className="soft figures">{t('enquiry.consult.until', { day: about.closes_on })}</p>
            {about.note && <p className="enquiry-note">{about.note}</p>}
          </>
        )}
        <p className="hint">{t('enquiry.consult.lead')}</p>
        {units.isPending && <Loading />}
        {units.data && (
          <>
            <Legend side={side} onSide={setSide} />
            <Ask pending={ask.isPending} onAsk={(address) => ask.mutate({ address })} />
            <div aria-live="polite">
              {ask.isPending && <Loading rows={2} />}
              {ask.isError && <Failed cause={ask.error} />}
              {ask.data && !ask.isPending && <Answer where={ask.data} />}
            </div>
            <Say key={place?.join()} id={id} place={place} />
            <Said remarks={remarks.data ?? []} />
          </>
        )}
      </div>
      {units.data ? (
        <PlaceMap
          label={t('enquiry.consult.map')}
          place={place}
          reviewNumber={offer.review_number}
          over={{ on, bounds }}
          onPick={(point) => {
            setPlace(point);
            ask.mutate({ point });
          }}
        >
          {remarks.data?.map((one) => (
            <Marker
              key={one.id}
              longitude={one.geometry.coordinates[0]}
              latitude={one.geometry.coordinates[1]}
            >
              <span
                className="enquiry-pin"
                role="img"
                aria-label={t('enquiry.consult.remark', { text: one.properties.body })}
                title={one.properties.body}
              />
            </Marker>
          ))}
        </PlaceMap>
      ) : (
        <div className="enquiry-map" />
      )}
    </main>
  );
}

function Legend({ side, onSide }: { side: Sides; onSide: (side: Sides) => void }) {
  const { t } = useTranslation();
  return (
    <div className="enquiry-sides">
      <Segmented<Sides>
        aria-label={t('enquiry.consult.side')}
        value={side}
        onChange={onSide}
        options={SIDES.map((value) => ({ value, label: t(`enquiry.consult.sides.${value}`) }))}
      />
      {side !== 'after' && (
        <span className="enquiry-line enquiry-line-before">{t('enquiry.consult.sides.before')}</span>
      )}
      {side !== 'before' && <span className="enquiry-line">{t('enquiry.consult.sides.after')}</span>}
    </div>
  );
}

function Ask({ pending, onAsk }: { pending: boolean; onAsk: (address: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  return (
    <section aria-labelledby="where">
      <h2 id="where">{t('enquiry.consult.where')}</h2>
      <p className="soft">{t('enquiry.consult.whereHint')}</p>
      <form
        className="enquiry-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim()) onAsk(text.trim());
        }}
      >
        <Input
          aria-label={t('enquiry.address')}
          placeholder={t('enquiry.example')}
          maxLength={200}
          autoComplete="off"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Button htmlType="submit" icon={<SearchOutlined aria-hidden="true" />} loading={pending}>
          {t('enquiry.ask')}
        </Button>
      </form>
      <p className="hint">{t('enquiry.private')}</p>
    </section>
  );
}

function Answer({ where: { found, before, after } }: { where: Where }) {
  const { t } = useTranslation();
  const name = (unit: { name: string; code: string } | null) =>
    unit ? unit.name || unit.code : t('enquiry.consult.nobody');
  return (
    <>
      {found && <p>{t('enquiry.found', { what: found })}</p>}
      <dl className="enquiry-where">
        <div>
          <dt>{t('enquiry.consult.sides.before')}</dt>
          <dd>{name(before)}</dd>
        </div>
        <div>
          <dt>{t('enquiry.consult.sides.after')}</dt>
          <dd>
            <strong>{name(after)}</strong>{' '}
            {before?.code === after?.code && <span className="soft">{t('enquiry.consult.same')}</span>}
          </dd>
        </div>
      </dl>
      {after?.new && <p className="soft">{t('enquiry.consult.isNew')}</p>}
      {after?.serving && <Serving unit={after.serving} />}
    </>
  );
}

function Say({ id, place }: { id: number; place: LonLat | null }) {
  const { t } = useTranslation();
  const field = useId();
  const [body, setBody] = useState('');
  const send = useMutation({
    mutationFn: (at: LonLat) => say(id, at, body.trim()),
    onSuccess: () => setBody(''),
  });
  if (!place) return <p className="hint">{t('enquiry.consult.choose')}</p>;
  return (
    <form
      className="enquiry-say"
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate(place);
      }}
    >
      <label htmlFor={field}>
        <strong>{t('enquiry.consult.say')}</strong>
      </label>
      <Input.TextArea
        id={field}
        rows={4}
        maxLength={1000}
        autoComplete="off"
        placeholder={t('enquiry.consult.body')}
        value={body}
        onChange={(event) => setBody(event.target.value)}
      />
      <p className="hint">{t('enquiry.consult.bodyHint')}</p>
      {send.isError && <Failed cause={send.error} />}
      {send.isSuccess && <Alert type="success" showIcon role="status" title={t('enquiry.consult.sent')} />}
      <Button type="primary" htmlType="submit" disabled={!body.trim()} loading={send.isPending}>
        {t('enquiry.consult.send')}
      </Button>
    </form>
  );
}

function Said({ remarks }: { remarks: readonly Remark[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <section aria-labelledby="said">
      <h2 id="said">{t('enquiry.consult.said')}</h2>
      {remarks.length === 0 && <p className="soft">{t('enquiry.consult.noneSaid')}</p>}
      <ul className="enquiry-points">
        {remarks.map(({ id, properties }) => (
          <li key={id}>
            <span className="soft figures">{moment(properties.made_at, language)}</span>
            <span>{properties.body}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
