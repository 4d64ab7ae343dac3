// The tabs of the panel and the card beside the map. Each part is loaded when it is
// first opened, and reads what is shown with useShown().
import { type ComponentType, type LazyExoticComponent, lazy } from 'react';
import type { Tab } from './view';

type Part = LazyExoticComponent<ComponentType>;

export const PARTS: Partial<Record<Tab, Part>> = {
  coverage: lazy(() => import('./coverage')),
  reach: lazy(() => import('./reach/panel')),
  sites: lazy(() => import('./siting/panel')),
};

/** What stands over the map for the household or point that is chosen (view.item). */
export const CARD: Part | null = lazy(() => import('./reach/card'));
