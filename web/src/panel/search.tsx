// Search by code, name or address; a pair of coordinates goes there. The list is
// a combobox: arrows choose, Enter opens, Escape closes.
import {
  EnvironmentOutlined,
  HomeOutlined,
  NodeIndexOutlined,
  PushpinOutlined,
  SearchOutlined,
  ShopOutlined,
  TableOutlined,
} from '@ant-design/icons';
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearch, useTiers } from '../api/queries';
import type { LonLat, SearchHit } from '../api/types';
import { useTitle } from '../common/format';
import { Failed } from '../common/states';
import { asBounds, goToBounds, goToPlace } from '../map/camera';
import { formatPlace, parsePlace } from '../map/coordinates';
import { usePage } from '../view/store';
import { nothingSelected, useView } from '../view/url';

export const SEARCH_FIELD = 'search-field';
/** How long the reader must rest before the server is asked, in milliseconds. */
const REST = 200;

const icons: Record<string, ReactNode> = {
  unit: <TableOutlined aria-hidden="true" />,
  household: <HomeOutlined aria-hidden="true" />,
  'service-point': <ShopOutlined aria-hidden="true" />,
  street: <NodeIndexOutlined aria-hidden="true" />,
  place: <EnvironmentOutlined aria-hidden="true" />,
  coordinates: <PushpinOutlined aria-hidden="true" />,
};

export function Search({ onChosen }: { onChosen?: () => void }) {
  const { t } = useTranslation();
  const [view] = useView();
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const composing = useRef(false);
  const query = useRested(text.trim());
  const coordinates = parsePlace(text);
  const found = useSearch(coordinates ? '' : query, view.at);
  const hits: SearchHit[] = coordinates
    ? [coordinateHit(coordinates, t('search.coordinates'))]
    : query
      ? (found.data ?? [])
      : [];
  const list = useId();
  const show = useShow();

  function choose(hit: SearchHit | undefined) {
    if (!hit) return;
    setOpen(false);
    setText(hit.title);
    (document.activeElement as HTMLElement | null)?.blur?.();
    show(hit);
    onChosen?.();
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing || composing.current) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setOpen(true);
      const step = event.key === 'ArrowDown' ? 1 : -1;
      setActive((at) => (hits.length === 0 ? 0 : (at + step + hits.length) % hits.length));
    } else if (event.key === 'Enter') {
      choose(hits[active]);
    } else if (event.key === 'Escape') {
      if (open) setOpen(false);
      else (event.target as HTMLElement).blur();
    }
  }

  const shown = open && text.trim() !== '';
  return (
    <search className="search">
      <div className="search-box">
        <SearchOutlined aria-hidden="true" />
        <input
          id={SEARCH_FIELD}
          type="text"
          role="combobox"
          autoComplete="off"
          aria-label={t('search.label')}
          placeholder={t('search.placeholder')}
          aria-expanded={shown}
          aria-controls={list}
          aria-autocomplete="list"
          aria-activedescendant={shown && hits[active] ? `${list}-${active}` : undefined}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setActive(0);
            setOpen(true);
          }}
          onFocus={(event) => {
            event.target.select();
            setOpen(true);
          }}
          onBlur={() => setTimeout(() => setOpen(false), 150)}
          onCompositionStart={() => {
            composing.current = true;
          }}
          onCompositionEnd={() => {
            composing.current = false;
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>{t('search.key')}</kbd>
      </div>
      <div className={shown ? 'search-list' : 'search-list search-closed'}>
        <div id={list} role="listbox" aria-label={t('search.results')}>
          {shown &&
            hits.map((hit, index) => (
              <Hit
                key={`${hit.kind}${hit.id}`}
                id={`${list}-${index}`}
                hit={hit}
                active={index === active}
                onChoose={() => choose(hit)}
              />
            ))}
        </div>
        {shown && hits.length === 0 && (
          <div className="search-note" role="status">
            {found.isError ? (
              <Failed cause={found.error} retry={() => found.refetch()} />
            ) : found.isFetching || query !== text.trim() ? (
              t('common.loading')
            ) : (
              t('search.nothing', { text: query })
            )}
          </div>
        )}
      </div>
    </search>
  );
}

function Hit(props: { id: string; hit: SearchHit; active: boolean; onChoose: () => void }) {
  const { t } = useTranslation();
  const { hit } = props;
  const title = useTitle();
  const tiers = useTiers(hit.kind === 'service-point').data;
  const tier = tiers?.find((one) => one.code === hit.subtitle);
  const subtitle = tier ? title(tier) : hit.subtitle;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the active option
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are handled by the field
    <div
      id={props.id}
      role="option"
      aria-selected={props.active}
      className="search-hit"
      onMouseDown={(event) => event.preventDefault()}
      onClick={props.onChoose}
    >
      <span className="search-icon" aria-hidden="true">
        {icons[hit.kind] ?? icons.place}
      </span>
      <span className="search-title">{hit.title}</span>
      <span className="search-kind">{t(`search.kind.${hit.kind}` as 'search.kind.unit')}</span>
      <span className="search-subtitle">{subtitle}</span>
    </div>
  );
}

const coordinateHit = (place: LonLat, subtitle: string): SearchHit => ({
  kind: 'coordinates',
  id: '',
  title: formatPlace(place),
  subtitle,
  point: place,
});

/** useShow selects what was found and brings it into view. */
function useShow() {
  const [, setView] = useView();
  return (hit: SearchHit) => {
    const point = hit.point as LonLat | null;
    const box = asBounds(hit.bbox);
    if (hit.kind === 'unit') setView({ ...nothingSelected, unit: hit.id });
    else if (hit.kind === 'household' || hit.kind === 'service-point')
      setView({ ...nothingSelected, item: { kind: hit.kind, id: hit.id } });
    else if (point) setView({ ...nothingSelected, place: point });
    usePage.setState({ drawer: false });
    if (box && (hit.kind === 'unit' || hit.kind === 'street')) goToBounds(box);
    else if (point) goToPlace(point);
  };
}

function useRested(text: string): string {
  const [rested, setRested] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setRested(text), REST);
    return () => clearTimeout(timer);
  }, [text]);
  return rested;
}

/** focusSearch puts the cursor into the field, from anywhere on the page. */
export function focusSearch(): void {
  document.getElementById(SEARCH_FIELD)?.focus();
}
