// What can be done at a place of the map: a right click, a long press, or the menu key.
import { Dropdown, type MenuProps } from 'antd';
import { useTranslation } from 'react-i18next';
import { overlays } from '../common/overlays';
import { boundsOf, goToBounds } from '../map/camera';
import { give, unpick, useAtoms } from './atoms';
import { useBench, useDesk, useUnitName } from './bench';
import { toggled, useHands } from './hands';
import { setWorkshop, useWorkshopView } from './view';

type Item = NonNullable<MenuProps['items']>[number];
type Act = { key: string; label: string; run: () => void; disabled?: boolean };

export function PlaceMenu(props: { onMerge: () => void }) {
  const menu = useHands((state) => state.menu);
  const items = useItems(props.onMerge);
  const close = () => useHands.setState({ menu: null });
  if (!menu) return null;
  return (
    <Dropdown
      open
      autoFocus
      trigger={['click']}
      getPopupContainer={overlays}
      onOpenChange={(open) => !open && close()}
      menu={{ items, onClick: close }}
    >
      <span
        key={`${menu.point.x} ${menu.point.y}`}
        className="desk-menu-at"
        style={{ left: menu.point.x, top: menu.point.y }}
      />
    </Dropdown>
  );
}

const group = (key: string, label: string, acts: Act[]): Item[] =>
  acts.length === 0
    ? []
    : [
        {
          key,
          type: 'group',
          label,
          children: acts.map(({ key, label, run, disabled }) => ({ key, label, disabled, onClick: run })),
        },
      ];

/** useItems are what can be done with the point or the border there, and with the unit. */
function useItems(onMerge: () => void): Item[] {
  const { t } = useTranslation();
  const border = useBorderActs();
  const unit = useUnitActs(onMerge);
  const none: Item[] = [{ key: 'none', disabled: true, label: t('workshop.menu.nothing') }];
  const items = [...border, ...unit];
  return items.length > 0 ? items : none;
}

function useBorderActs(): Item[] {
  const { t } = useTranslation();
  const { desk, hands } = useBench();
  const near = useHands((state) => state.menu?.near ?? null);
  if (!near) return [];
  if (near.rim) {
    return group('rim', t('workshop.menu.border'), [
      { key: 'fixed', label: t('problem.operation_rim'), disabled: true, run: () => {} },
    ]);
  }
  if (near.vertex) {
    return group('point', t('workshop.menu.point'), [
      { key: 'move', label: t('workshop.tool.point'), run: () => hands.current?.hand('point', near) },
      {
        key: 'delete',
        label: t('workshop.tool.delete'),
        disabled: near.junction,
        run: () => void desk.do({ kind: 'delete_point', at: near.at }),
      },
    ]);
  }
  const [one, other] = near.units.filter((id) => id > 0);
  return group('border', t('workshop.menu.border'), [
    { key: 'add', label: t('workshop.tool.add'), run: () => hands.current?.hand('add', near) },
    { key: 'along', label: t('workshop.tool.border'), run: () => hands.current?.hand('border', near) },
    ...(one && other
      ? [
          {
            key: 'both',
            label: t('workshop.menu.both'),
            run: () => setWorkshop({ tool: 'select', sel: [one, other] }),
          },
        ]
      : []),
  ]);
}

function useUnitActs(onMerge: () => void): Item[] {
  const { t } = useTranslation();
  const { desk } = useBench();
  const id = useHands((state) => state.menu?.unit ?? null);
  const row = useDesk((state) => (id === null ? undefined : state.rows.get(id)));
  const name = useUnitName();
  const [{ sel }] = useWorkshopView();
  const picked = useAtoms((state) => state.picked);
  if (id === null || !row) return [];
  const merged = [...new Set([...sel, id])];
  const zoom = () => {
    const box = boundsOf(desk.state.pieces.get(id)?.area ?? []);
    if (box) goToBounds(box, 18);
  };
  const op = give(picked.values(), id);
  return group('unit', name(row, id), [
    {
      key: 'choose',
      label: t('workshop.menu.choose'),
      run: () => setWorkshop({ tool: 'select', sel: [id] }),
    },
    {
      key: 'more',
      label: t(sel.includes(id) ? 'workshop.menu.less' : 'workshop.menu.more'),
      run: () => setWorkshop({ sel: toggled(sel, id) }),
    },
    { key: 'zoom', label: t('workshop.menu.zoom'), run: zoom },
    {
      key: 'name',
      label: t('workshop.rename'),
      run: () => setWorkshop({ tool: 'select', sel: [id], tab: 'units' }),
    },
    {
      key: 'split',
      label: t('workshop.tool.split'),
      disabled: row.locked,
      run: () => setWorkshop({ tool: 'split', sel: [id] }),
    },
    {
      key: 'give',
      label: t('workshop.menu.give'),
      disabled: row.locked,
      run: () => {
        useHands.setState({ target: id });
        setWorkshop({ tool: 'transfer' });
      },
    },
    {
      key: 'pick',
      label: t('workshop.menu.pick'),
      disabled: row.locked,
      run: () => {
        useHands.setState({ target: id });
        setWorkshop({ tool: 'pick' });
      },
    },
    ...(op
      ? [
          {
            key: 'picked',
            label: t('workshop.menu.picked', { count: picked.size }),
            disabled: row.locked,
            run: () => void desk.do(op).then((done) => done && unpick()),
          },
        ]
      : []),
    ...(merged.length > 1
      ? [
          {
            key: 'merge',
            label: t('workshop.menu.merge', { count: merged.length }),
            run: () => {
              setWorkshop({ sel: merged });
              onMerge();
            },
          },
        ]
      : []),
    {
      key: 'lock',
      label: t(row.locked ? 'workshop.unlock' : 'workshop.lock'),
      run: () => void desk.do({ kind: row.locked ? 'unlock' : 'lock', units: [id] }),
    },
  ]);
}
