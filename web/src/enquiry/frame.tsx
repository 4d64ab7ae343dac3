// The frame of every page for everybody: its title, how it looks, and what of it is open.
import './enquiry.css';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { components } from '../api/schema';
import { Failed, Loading } from '../common/states';
import { Appearance } from '../page/settings';
import { Mark } from '../panel/mark';
import { useOffer } from './queries';

export type Offer = components['schemas']['Offer'];

export function Frame({ title, children }: { title: string; children: (offer: Offer) => ReactNode }) {
  const { t } = useTranslation();
  const offer = useOffer();
  useEffect(() => {
    document.title = title;
    return () => {
      document.title = t('app.title');
    };
  }, [title, t]);
  return (
    <div className="enquiry">
      <header className="enquiry-bar">
        <Mark />
        <h1>{title}</h1>
        <div className="enquiry-look">
          <Appearance />
        </div>
      </header>
      {offer.isPending && <Loading />}
      {offer.isError && <Failed cause={offer.error} retry={() => offer.refetch()} />}
      {offer.data && children(offer.data)}
    </div>
  );
}
