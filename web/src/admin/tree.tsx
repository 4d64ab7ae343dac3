// Units as a tree whose branches are read when they are opened, each with a
// figure beside its name.
import { CaretDownOutlined, CaretRightOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api } from '../api/client';
import { type List, useLevels, useUnit } from '../api/queries';
import type { Unit } from '../api/types';
import { Failed, Loading, Nothing } from '../common/states';
import { usedLevels } from '../map/level';

/** Most units that one branch shows; the search on the map finds the others. */
const MOST = 500;

type Query = { level?: string; parent?: string };

const unitsOf = (query: Query, signal: AbortSignal) =>
  answer<List<Unit>>(api.GET('/units', { signal, params: { query: { ...query, limit: MOST } } }));

/** useTops are the highest units that the reader may see. */
function useTops() {
  const levels = usedLevels(useLevels().data ?? []);
  return useQuery({
    queryKey: ['units', 'tops', levels.map((level) => level.code)],
    enabled: levels.length > 0,
    queryFn: async ({ signal }) => {
      for (const level of levels) {
        const { items } = await unitsOf({ level: level.code }, signal);
        if (items.length > 0) return items;
      }
      return [];
    },
  });
}

const useParts = (parent: string | null) =>
  useQuery({
    queryKey: ['units', 'parts', parent],
    enabled: parent !== null,
    queryFn: ({ signal }) => unitsOf({ parent: parent ?? '' }, signal),
    select: (list) => list.items,
  });

type Tree = {
  chosen: string | null;
  onChoose: (unit: string) => void;
  /** What stands beside the name of a unit; nothing when it is empty. */
  figure?: (unit: string) => { text: string; label: string } | null;
};

export function UnitTree(tree: Tree) {
  const { t } = useTranslation();
  const tops = useTops();
  const above = useUnit(tree.chosen).data?.ancestors;
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const toggle = (code: string) =>
    setOpened((before) => {
      const next = new Set(before);
      if (!next.delete(code)) next.add(code);
      return next;
    });
  // The chosen unit is in view, wherever it was chosen.
  const path = [...(tops.data?.length === 1 ? tops.data : []), ...(above ?? [])]
    .map((unit) => unit.code)
    .join();
  useEffect(() => {
    if (path) setOpened((before) => new Set([...before, ...path.split(',')]));
  }, [path]);
  if (tops.isError) return <Failed cause={tops.error} retry={() => tops.refetch()} />;
  if (!tops.data) return <Loading rows={6} />;
  if (tops.data.length === 0) return <Nothing title={t('levels.none')} />;
  return (
    <nav aria-label={t('admin.tree')}>
      <ul className="admin-tree">
        {tops.data.map((unit) => (
          <Branch key={unit.code} unit={unit} tree={tree} opened={opened} toggle={toggle} />
        ))}
      </ul>
    </nav>
  );
}

function Branch(props: {
  unit: Unit;
  tree: Tree;
  opened: ReadonlySet<string>;
  toggle: (code: string) => void;
}) {
  const { t } = useTranslation();
  const { unit, tree, opened, toggle } = props;
  const divided = unit.state !== 'undivided';
  const open = divided && opened.has(unit.code);
  const parts = useParts(open ? unit.code : null);
  const figure = tree.figure?.(unit.code);
  return (
    <li>
      <div className={unit.code === tree.chosen ? 'admin-branch admin-branch-chosen' : 'admin-branch'}>
        {divided ? (
          <button
            type="button"
            className="admin-branch-toggle"
            aria-expanded={open}
            aria-label={t('admin.partsOf', { name: unit.name })}
            onClick={() => toggle(unit.code)}
          >
            {open ? <CaretDownOutlined aria-hidden="true" /> : <CaretRightOutlined aria-hidden="true" />}
          </button>
        ) : (
          <span className="admin-branch-toggle" />
        )}
        <button
          type="button"
          className="admin-branch-name"
          aria-current={unit.code === tree.chosen ? 'true' : undefined}
          onClick={() => tree.onChoose(unit.code)}
        >
          {unit.name}
          {figure && (
            <span className="admin-branch-figure figures" title={figure.label}>
              {figure.text}
              <span className="off-screen"> {figure.label}</span>
            </span>
          )}
        </button>
      </div>
      {open && parts.isPending && <Loading rows={2} />}
      {open && parts.isError && <Failed cause={parts.error} retry={() => parts.refetch()} />}
      {open && parts.data && (
        <ul>
          {parts.data.map((part) => (
            <Branch key={part.code} unit={part} tree={tree} opened={opened} toggle={toggle} />
          ))}
        </ul>
      )}
    </li>
  );
}
