// The shapes of proposals.
import type { components } from '../api/schema';

type Schemas = components['schemas'];

export type Proposal = Schemas['Proposal'];
export type Params = Schemas['ProposalParams'];
export type Found = Schemas['Found'];
export type Alternative = Schemas['Alternative'];
export type Proof = Schemas['Proof'];
export type Breach = Schemas['Breach'];
export type Parts = Schemas['CollectionPart'];
export type RuleSet = Schemas['Set'];

/** What can be declared a barrier: what people do not walk across first. */
export const BARRIERS = ['river', 'main_road', 'rail', 'wall', 'stream', 'street', 'path'] as const;
export type Barrier = (typeof BARRIERS)[number];

export const WEIGHTS = ['balance', 'border', 'compact', 'moved'] as const;
