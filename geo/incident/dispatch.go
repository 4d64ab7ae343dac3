package incident

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/post"
	"wangge/geo/staff"
)

// Choice is a post that an incident can be dispatched to, and why it may be its.
type Choice struct {
	post.Candidate
	Basis  Basis    `json:"basis" enum:"asset,line,zone,grid,backstop"`
	Name   string   `json:"name" doc:"of the asset, line or zone; else empty"`
	Metres *float64 `json:"metres" doc:"from the incident to the asset, line or zone"`
	Holds  bool     `json:"holds" doc:"the incident is this post's already"`
}

// ErrPost means that an incident cannot be given to a post.
var ErrPost = fault.New(fault.Invalid, "incident_post", "The incident cannot be dispatched to this post: it answers neither for the thing nor for the unit or one above it.")

// Choices are the posts that an incident can be dispatched to: of the assets, lines and
// zones that it falls under, then those that work in its unit and above, then the backstop.
func Choices(ctx context.Context, db, engine pg.DB, actor staff.Actor, id uuid.UUID, now time.Time) ([]Choice, error) {
	r, err := ResponsibleFor(ctx, db, engine, actor, id, now)
	if err != nil {
		return nil, err
	}
	m, err := matterOf(ctx, db, id)
	if err != nil {
		return nil, err
	}
	list, err := choices(ctx, engine, m, now)
	if err != nil {
		return nil, fmt.Errorf("posts for incident %s: %w", id, err)
	}
	for i := range list {
		list[i].Holds = list[i].Post == r.Duty.Post
	}
	return list, nil
}

func choices(ctx context.Context, engine pg.DB, m matter, now time.Time) ([]Choice, error) {
	charges, err := m.charges(ctx, engine)
	if err != nil {
		return nil, err
	}
	found, err := post.Candidates(ctx, engine, postsOf(charges), m.unit, now)
	if err != nil {
		return nil, err
	}
	list := make([]Choice, len(found))
	for i, c := range found {
		list[i] = Choice{Candidate: c, Basis: ByGrid}
		at := slices.IndexFunc(charges, func(f InCharge) bool { return f.Post == c.Post })
		switch {
		case at >= 0:
			f := charges[at]
			list[i].Basis, list[i].Name, list[i].Metres = f.Kind, f.Name, &f.Metres
		case c.Backstop:
			list[i].Basis = ByBackstop
		}
	}
	return list, nil
}

// give makes an incident a post's: of its A, or of B while A is away. With both away it
// goes on to who answers for the unit: it is never nobody's.
func give(ctx context.Context, tx pgx.Tx, engine pg.DB, id uuid.UUID, to int64, now time.Time) error {
	m, err := matterOf(ctx, tx, id)
	if err != nil {
		return err
	}
	list, err := choices(ctx, engine, m, now)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(list, func(c Choice) bool { return c.Post == to }) {
		return ErrPost
	}
	duty, err := post.ResponsibleFirst(ctx, engine, []int64{to}, m.unit, now)
	if err != nil {
		return err
	}
	r := Responsible{Duty: duty, Asked: []InCharge{}, At: now, Unit: m.code, Basis: ByDispatch}
	if duty.Post != to {
		r.Basis = basis(duty, nil)
	}
	return r.keep(ctx, tx, id)
}

// keep writes whose an incident is; what was decided before stays.
func (r Responsible) keep(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	found, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO incident_duty (incident_id, ordinal, decided_at, basis, post_id, account_id, found)
		SELECT $1, 1 + coalesce(max(ordinal), 0), $2, $3, nullif($4, 0), nullif($5, 0), $6 FROM incident_duty WHERE incident_id = $1`,
		id, r.At, r.Basis, r.Duty.Post, r.Duty.Account, found)
	return err
}

// PostsOf are the posts that took steps or that an incident was dispatched to, for who has
// been shown the steps.
func PostsOf(ctx context.Context, engine pg.DB, steps []Taken, now time.Time) ([]post.Named, error) {
	ids := []int64{}
	for _, s := range steps {
		for _, p := range []*int64{s.Post, s.To} {
			if p != nil && !slices.Contains(ids, *p) {
				ids = append(ids, *p)
			}
		}
	}
	return post.Names(ctx, engine, ids, now)
}
