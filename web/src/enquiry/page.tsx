// The page for everybody, without a sign-in: who serves this address? It exists
// once an administrator has switched it on.
import { SearchOutlined } from '@ant-design/icons';
import { useMutation } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import type { components } from '../api/schema';
import type { LonLat } from '../api/types';
import { length, useLanguage, useTitle } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { Frame, type Offer } from './frame';
import { ConsultationList } from './list';
import { serves } from './queries';

const PlaceMap = lazy(() => import('./place-map'));
const Consulted = lazy(() => import('./consulted'));

type Schemas = components['schemas'];
type Served = Schemas['Served'];
export type Unit = Omit<Schemas['ServingUnit'], 'office'> & { office: Schemas['Office'] | null };

export default function EnquiryPage() {
  const { t } = useTranslation();
  const { consultation } = useParams();
  return (
    <Frame title={t(consultation ? 'enquiry.consult.title' : 'enquiry.title')}>
      {(offer) => <Opened offer={offer} />}
    </Frame>
  );
}

/** Opened is what is open: the enquiry, a consultation, or nothing. */
function Opened({ offer }: { offer: Offer }) {
  const { t } = useTranslation();
  const { consultation } = useParams();
  if (consultation && offer.map) {
    return (
      <Suspense fallback={<Loading rows={6} />}>
        <Consulted id={Number(consultation)} offer={offer} />
      </Suspense>
    );
  }
  if (offer.service) return <Enquiry offer={offer} />;
  return (
    <main className="enquiry-off">
      {!offer.map && !offer.report && <Nothing title={t('enquiry.off')}>{t('enquiry.offHint')}</Nothing>}
      {offer.map && <ConsultationList />}
      {offer.report && <ToReport />}
    </main>
  );
}

function Enquiry({ offer }: { offer: Offer }) {
  const { t } = useTranslation();
  const [place, setPlace] = useState<LonLat | null>(null);
  const ask = useMutation({ mutationFn: serves });
  const [text, setText] = useState('');
  return (
    <main className={offer.map ? 'enquiry-main enquiry-with-map' : 'enquiry-main'}>
      <div className="enquiry-side">
        <p className="soft">{t(offer.map ? 'enquiry.hintMap' : 'enquiry.hint')}</p>
        <form
          className="enquiry-form"
          onSubmit={(event) => {
            event.preventDefault();
            setPlace(null);
            if (text.trim()) ask.mutate({ address: text.trim() });
          }}
        >
          <Input
            size="large"
            aria-label={t('enquiry.address')}
            placeholder={t('enquiry.example')}
            maxLength={200}
            autoComplete="off"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <Button
            size="large"
            type="primary"
            htmlType="submit"
            icon={<SearchOutlined aria-hidden="true" />}
            loading={ask.isPending}
          >
            {t('enquiry.ask')}
          </Button>
        </form>
        <p className="hint">{t('enquiry.private')}</p>
        <div aria-live="polite">
          {ask.isPending && <Loading />}
          {ask.isError && <Failed cause={ask.error} />}
          {ask.data && !ask.isPending && <Result served={ask.data} />}
        </div>
        {offer.report && <ToReport />}
        {offer.map && <ConsultationList />}
      </div>
      {offer.map && (
        <Suspense fallback={<div className="enquiry-map" />}>
          <PlaceMap
            place={place}
            reviewNumber={offer.review_number}
            onPick={(next) => {
              setPlace(next);
              ask.mutate({ point: next });
            }}
          />
        </Suspense>
      )}
    </main>
  );
}

function ToReport() {
  const { t } = useTranslation();
  return (
    <p className="enquiry-to">
      <Link to="/public/report">{t('enquiry.report')}</Link>
    </p>
  );
}

function Result({ served }: { served: Served }) {
  const { t } = useTranslation();
  const units = served.units as Unit[];
  return (
    <>
      {served.found && <p>{t('enquiry.found', { what: served.found })}</p>}
      {units.length > 1 && <p className="soft">{t('enquiry.several', { count: units.length })}</p>}
      {units.map((unit) => (
        <Serving key={unit.code} unit={unit} />
      ))}
      <NearestPoints points={served.nearest} />
    </>
  );
}

export function Serving({ unit }: { unit: Unit }) {
  const { t } = useTranslation();
  const english = useLanguage() === 'en';
  const title = useTitle();
  const { office } = unit;
  return (
    <article className="enquiry-unit">
      <p className="soft">{unit.parents.map((above) => above.name).join(' › ')}</p>
      <h2>{unit.name}</h2>
      <dl>
        <Pair name={title({ title_zh: unit.level_zh, title_en: unit.level_en })} value={unit.code} />
        <Pair name={t('unit.post')} value={english ? unit.post_en || unit.post_zh : unit.post_zh} />
        {office ? (
          <>
            <Pair name={t('enquiry.office.phone')} value={office.phone} phone />
            <Pair name={t('enquiry.office.address')} value={office.address} />
            <Pair name={t('enquiry.office.hours')} value={office.hours} />
            <Pair name={t('enquiry.office.supervision_phone')} value={office.supervision_phone} phone />
          </>
        ) : (
          <Pair name={t('enquiry.office.title')} value={t('enquiry.noOffice')} />
        )}
      </dl>
    </article>
  );
}

function Pair({ name, value, phone = false }: { name: string; value: string; phone?: boolean }) {
  if (!value) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {phone ? (
          <a className="figures" href={`tel:${value.replace(/[^+\d]/g, '')}`}>
            {value}
          </a>
        ) : (
          value
        )}
      </dd>
    </div>
  );
}

function NearestPoints({ points }: { points: Schemas['Nearest'][] }) {
  const { t } = useTranslation();
  const title = useTitle();
  const language = useLanguage();
  if (points.length === 0) return null;
  return (
    <section aria-labelledby="nearest">
      <h2 id="nearest">{t('enquiry.nearest')}</h2>
      <p className="hint">{t('enquiry.straight')}</p>
      <ul className="enquiry-points">
        {points.map((point) => (
          <li key={point.function}>
            <span className="soft">{title(point, point.function)}</span>
            <strong>{point.name}</strong>
            <span className="figures">{length(point.metres, language)}</span>
            {point.hours && <span className="soft figures">{point.hours}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
