package proposal

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/atom"
	"wangge/geo/grid"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/propose"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// Handler does the jobs of Ask. db must be the engine's.
func Handler(db pg.DB) job.Handler {
	return func(ctx context.Context, step job.Step, raw json.RawMessage) (any, error) {
		var args jobArgs
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, err
		}
		actor, err := staff.Again(ctx, db, args.Actor, args.Account)
		if err != nil {
			return nil, err
		}
		if err := work(ctx, db, actor, args.Proposal, step); err != nil {
			return nil, fmt.Errorf("proposal %d: %w", args.Proposal, err)
		}
		return map[string]any{"proposal": args.Proposal}, nil
	}
}

// Make works a proposal out at once. db must be the engine's.
func Make(ctx context.Context, db pg.DB, actor staff.Actor, p Params, step job.Step) (Proposal, error) {
	p, base, err := check(ctx, db, actor, p)
	if err != nil {
		return Proposal{}, fmt.Errorf("proposal for %s: %w", p.Base, err)
	}
	var id int64
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) (err error) {
		id, err = insert(ctx, tx, actor, p, base)
		return err
	})
	if err == nil {
		err = work(ctx, db, actor, id, step)
	}
	if err != nil {
		return Proposal{}, fmt.Errorf("proposal for %s: %w", p.Base, err)
	}
	return Get(ctx, db, actor, id)
}

// work answers a question and stores the answer.
func work(ctx context.Context, db pg.DB, actor staff.Actor, id int64, step job.Step) error {
	p, err := Get(ctx, db, actor, id)
	if err != nil || p.Found != nil { // it was stored before the process died
		return err
	}
	if p.Params, _, err = check(ctx, db, actor, p.Params); err != nil {
		return err
	}
	step("reading the map", 0, 0)
	s, err := look(ctx, db, p.Params)
	if err != nil {
		return err
	}
	step("cutting the land", 0, 0)
	atoms, err := atom.Cut(ctx, s.ground)
	if err != nil {
		return err
	}
	answer, err := s.divide(ctx, atoms, step)
	if err != nil {
		return err
	}
	found, parts := s.tell(atoms, answer)
	step("storing", 0, 0)
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := store(ctx, tx, id, parts); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE proposal SET found = $2, params = $3, finished_at = now() WHERE id = $1`, id, found, s.params)
		return err
	})
}

// divide asks propose.
func (s *site) divide(ctx context.Context, atoms *atom.Atoms, step job.Step) (*propose.Answer, error) {
	p := s.params
	q := propose.Question{Units: p.Units, Min: p.Min, Max: p.Max, Alternatives: p.Alternatives, Seed: uint64(p.Seed), Effort: p.Effort,
		Threads:  runtime.GOMAXPROCS(0),
		Progress: func(done float64) { step("searching", int64(done*1000), 1000) }}
	if p.Weights != nil {
		q.Weights = *p.Weights
	}
	if p.Rebalance {
		for _, a := range atoms.List {
			q.Present = append(q.Present, a.Within)
		}
		for _, code := range p.Locked {
			u := slices.IndexFunc(s.present, func(u grid.InForce) bool { return u.Code == code })
			if u < 0 {
				return nil, ErrParams.Saying(fmt.Sprintf("Unit %s is locked, but it is none of the division.", code))
			}
			q.Locked = append(q.Locked, int32(u))
		}
	}
	answer, err := propose.Solve(ctx, atoms.Land(atom.UsualCosts, s.above), q)
	if err == nil && answer.Unfinished {
		err = ctx.Err() // a job that was cancelled stores nothing
	}
	return answer, err
}

// tell puts an answer into the words of the page.
func (s *site) tell(atoms *atom.Atoms, answer *propose.Answer) (*Found, [][]Part) {
	found := &Found{Atoms: len(atoms.List), Outside: atoms.Outside, Alternatives: []Alternative{}, Proofs: []Proof{}}
	for _, a := range atoms.List {
		found.Households += a.Households
	}
	at := func(list []int32) orb.Point { return topology.LabelPoint(atoms.Area(list...)).Degrees() }
	for _, p := range answer.Proofs {
		proof := Proof{Reason: p.Reason, Households: p.Households, Least: p.Least, Most: p.Most}
		if len(p.Atoms) > 0 {
			place := at(p.Atoms)
			proof.At = &place
		}
		found.Proofs = append(found.Proofs, proof)
	}
	var all [][]Part
	for _, a := range answer.Alternatives {
		out := Alternative{Score: a.Score, Broken: []Breach{}}
		ordinal := map[int32]int{}
		households, within := map[int32]int{}, map[int32]int32{}
		for i, u := range a.Unit {
			households[u] += atoms.List[i].Households
			within[u] = atoms.List[i].Within
		}
		var parts []Part
		units := atoms.Parts(a.Unit)
		var areas []geo.MultiPolygon
		for _, u := range units {
			areas = append(areas, u.Area)
		}
		areas = topology.Slim(areas, s.ground.Within)
		for i, u := range units {
			part := Part{Ordinal: len(parts) + 1, Households: households[u.Unit], Area: areas[i], Parent: s.parents[s.above[max(0, within[u.Unit])]].Code}
			if int(u.Unit) < len(s.present) {
				part.Code = s.present[u.Unit].Code
			}
			ordinal[u.Unit] = part.Ordinal
			parts = append(parts, part)
		}
		for _, b := range a.Broken {
			out.Broken = append(out.Broken, Breach{Rule: b.Rule, Ordinal: ordinal[b.Unit], Households: b.Households, Off: b.Off, At: at(b.Atoms)})
		}
		found.Alternatives = append(found.Alternatives, out)
		all = append(all, parts)
	}
	return found, all
}

// store writes the parts of all alternatives.
func store(ctx context.Context, tx pgx.Tx, id int64, all [][]Part) error {
	var unit int64
	if err := tx.QueryRow(ctx, `SELECT unit_id FROM proposal WHERE id = $1 FOR UPDATE`, id).Scan(&unit); err != nil {
		return err
	}
	var rows [][]any
	for i, parts := range all {
		for _, p := range parts {
			rows = append(rows, []any{id, i + 1, p.Ordinal, unit, p.Code, p.Parent, p.Households, p.Area})
		}
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"proposal_part"}, []string{"proposal_id", "alternative", "ordinal", "unit_id", "code", "parent", "households", "geom"}, pgx.CopyFromRows(rows))
	return err
}
