// Package proposal has a unit divided anew, or its division rebalanced, by a job. It
// reads the streets, water, walls and buildings of the map, compounds and natural
// villages from the zones, and the households of the ledger; atom cuts the land,
// propose puts the atoms together. A person adopts an alternative (Adopt); then it is
// a draft like any other.
//
//	proposal.go  what is asked and answered, and where it is kept
//	ground.go    the land with everything on it
//	make.go      the job
package proposal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/plan"
	"wangge/geo/propose"
	"wangge/geo/staff"
)

// JobKind is the kind of jobs that work proposals out.
const JobKind = "proposal"

// Faults of this package.
var (
	ErrParams      = fault.New(fault.Invalid, "proposal_params", "The proposal cannot be made like this. 方案建议的参数有误。")
	ErrUnknown     = fault.New(fault.NotFound, "proposal_unknown", "There is no such proposal.")
	ErrNotDone     = fault.New(fault.Conflict, "proposal_not_done", "The proposal is not worked out yet. Wait for its job.")
	ErrAlternative = fault.New(fault.NotFound, "proposal_alternative", "The proposal has no such alternative.")
	ErrUndivided   = fault.New(fault.Invalid, "proposal_undivided", "There is no division to rebalance. Ask for a new one.")
)

// Params say what is asked.
type Params struct {
	Base  string  `json:"base" minLength:"1" maxLength:"64" doc:"code of the unit to divide"`
	Level string  `json:"level,omitempty" maxLength:"40" doc:"of the new units; the lowest with units below the base when absent"`
	Day   geo.Day `json:"day" doc:"what is in force, and who lives where, on this day"`
	// Rebalance changes the present division as little as it can; else the land is
	// divided anew.
	Rebalance bool     `json:"rebalance,omitempty"`
	Units     int      `json:"units,omitempty" minimum:"0" doc:"how many units; 0 = as many as the bounds suggest, or as there are"`
	Min       int      `json:"min,omitempty" minimum:"0" doc:"households of a unit at least"`
	Max       int      `json:"max,omitempty" minimum:"0" doc:"households of a unit at most; 0 = without limit"`
	Locked    []string `json:"locked,omitempty" doc:"codes of units that stay as they are, with rebalance"`
	Barriers  []string `json:"barriers,omitempty" doc:"what no unit may reach across: path, stream, street, wall, rail, main_road, river"`
	// Divide cuts compounds and villages above the limit as well.
	Divide       bool             `json:"divide,omitempty" doc:"compounds and villages with more households than the limit may be cut"`
	Limit        int              `json:"limit,omitempty" minimum:"0" doc:"households above which a block is cut between its buildings; half of max when 0"`
	Weights      *propose.Weights `json:"weights,omitempty"`
	Alternatives int              `json:"alternatives,omitempty" minimum:"0" maximum:"10" doc:"3 when 0"`
	Seed         int64            `json:"seed,omitempty" minimum:"0"`
	Effort       int              `json:"effort,omitempty" minimum:"0" maximum:"10" doc:"how long to search; 1 when 0"`
}

// filled checks parameters and writes defaults out.
func (p Params) filled() (Params, error) {
	var places []fault.Place
	must := func(ok bool, field, remedy string) {
		if !ok {
			places = append(places, fault.Place{Pointer: field, Code: "invalid", Detail: remedy})
		}
	}
	if p.Alternatives == 0 {
		p.Alternatives = 3
	}
	p.Effort = max(1, p.Effort)
	if p.Limit == 0 {
		p.Limit = p.Max / 2
	}
	must(p.Base != "", "base", "the code of a unit")
	must(!p.Day.IsZero(), "day", "a day")
	must(min(p.Units, p.Min, p.Max, p.Limit) >= 0 && p.Seed >= 0, "units", "not below zero")
	must(p.Max == 0 || p.Min <= p.Max, "min", "not above max")
	must(p.Rebalance || p.Units > 0 || p.Max > 0, "units", "a number of units, or the most households of one")
	must(p.Rebalance || len(p.Locked) == 0, "locked", "only with rebalance")
	must(p.Alternatives <= 10, "alternatives", "from 1 to 10")
	must(p.Effort <= 10, "effort", "from 1 to 10")
	must(p.Weights == nil || min(p.Weights.Balance, p.Weights.Border, p.Weights.Compact, p.Weights.Moved) >= 0, "weights", "not below zero")
	for _, b := range p.Barriers {
		_, ok := classOf(b)
		must(ok, "barriers", "path, stream, street, wall, rail, main_road or river")
	}
	if len(places) > 0 {
		return p, ErrParams.With(places...)
	}
	return p, nil
}

// Proposal is one question with its answer.
type Proposal struct {
	ID         int64      `json:"id"`
	Unit       string     `json:"unit" doc:"code of the unit that is divided"`
	Params     Params     `json:"params"`
	State      job.State  `json:"state" enum:"waiting,running,done,failed,cancelled"`
	Job        int64      `json:"job" doc:"progress, cancel and retry are there"`
	Found      *Found     `json:"found,omitempty" doc:"absent until it is done"`
	CreatedBy  string     `json:"created_by"`
	CreatedAt  time.Time  `json:"created_at"`
	FinishedAt *time.Time `json:"finished_at"`
}

// Found is an answer.
type Found struct {
	Atoms        int           `json:"atoms" doc:"street blocks, compounds and the like, of which the units are made"`
	Households   int           `json:"households"`
	Outside      int           `json:"outside" doc:"households of the unit whose place lies outside of it; they count nowhere"`
	Alternatives []Alternative `json:"alternatives" doc:"the best first"`
	Proofs       []Proof       `json:"proofs" doc:"why no division keeps the rules"`
}

// Alternative is one division; its units are its parts.
type Alternative struct {
	Score  propose.Score `json:"score"`
	Broken []Breach      `json:"broken" doc:"rules that it breaks, and where"`
}

// Breach is a rule that a division breaks.
type Breach struct {
	Rule       propose.Rule `json:"rule" enum:"too_few,too_many,apart,no_unit"`
	Ordinal    int          `json:"ordinal" doc:"of the part"`
	Households int64        `json:"households"`
	Off        int64        `json:"off" doc:"by how many households a bound is missed"`
	At         orb.Point    `json:"at"`
}

// Proof says why no division keeps the rules.
type Proof struct {
	Reason     propose.Reason `json:"reason" enum:"atom_too_large,cut_off,stuck,counts,tried,locked_unit"`
	Households int64          `json:"households"`
	Least      int64          `json:"least" doc:"units that the land needs at least, by its households"`
	Most       int64          `json:"most" doc:"units that it can have at most"`
	At         *orb.Point     `json:"at,omitempty" doc:"absent where it concerns all of the land"`
}

// Part is a unit of an alternative.
type Part struct {
	Ordinal    int              `json:"ordinal"`
	Code       string           `json:"code" doc:"of the unit in force that it continues; empty = new"`
	Parent     string           `json:"parent"`
	Households int              `json:"households"`
	Area       geo.MultiPolygon `json:"-"`
}

type jobArgs struct {
	Proposal int64  `json:"proposal"`
	Actor    string `json:"actor"`
	Account  int64  `json:"account"`
}

// Ask has a proposal worked out by a job. The actor must plan, and see single places,
// in the unit.
//
// Errors: ErrParams, grid.ErrUnknownUnit, staff.ErrOutside.
func Ask(ctx context.Context, db pg.DB, queue *job.Queue, actor staff.Actor, p Params) (Proposal, error) {
	p, base, err := check(ctx, db, actor, p)
	if err != nil {
		return Proposal{}, fmt.Errorf("proposal for %s: %w", p.Base, err)
	}
	var id int64
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if id, err = insert(ctx, tx, actor, p, base); err != nil {
			return err
		}
		j, err := queue.Enqueue(ctx, tx, actor, job.New{Kind: JobKind, Title: "proposal for " + p.Base, May: staff.Plan,
			Args: jobArgs{Proposal: id, Actor: actor.Name, Account: actor.Account}})
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE proposal SET job_id = $2 WHERE id = $1`, id, j.ID)
		return err
	})
	if err != nil {
		return Proposal{}, fmt.Errorf("proposal for %s: %w", p.Base, err)
	}
	return Get(ctx, db, actor, id)
}

func check(ctx context.Context, db pg.DB, actor staff.Actor, p Params) (Params, grid.Unit, error) {
	p, err := p.filled()
	if err != nil {
		return p, grid.Unit{}, err
	}
	base, err := grid.ByCode(ctx, db, actor, p.Day, p.Base)
	if err != nil {
		return p, base, err
	}
	return p, base, errors.Join(staff.Within(ctx, db, actor, staff.Plan, base.ID), staff.Within(ctx, db, actor, staff.Place, base.ID))
}

func insert(ctx context.Context, tx pgx.Tx, actor staff.Actor, p Params, base grid.Unit) (id int64, err error) {
	err = tx.QueryRow(ctx, `INSERT INTO proposal (unit_id, params, created_by) VALUES ($1, $2, $3) RETURNING id`, base.ID, p, actor.Name).Scan(&id)
	if err != nil {
		return 0, err
	}
	return id, audit.Write(ctx, tx, actor, "propose", "proposal", strconv.FormatInt(id, 10), map[string]any{"base": p.Base, "min": p.Min, "max": p.Max, "units": p.Units})
}

// readable is the first wall; its four arguments are those of walls from n on.
func readable(n int) string {
	return staff.In("p.unit_id", n) + ` AND ` + staff.In("p.unit_id", n+2)
}

func walls(actor staff.Actor) []any {
	planning, place := actor.Area(staff.Plan), actor.Area(staff.Place)
	return []any{planning.All, planning.Roots, place.All, place.Roots}
}

const columns = `
	p.id, coalesce(u.code, ''), p.params, CASE WHEN p.finished_at IS NOT NULL THEN 'done' ELSE coalesce(proposal_job_state(p.job_id), 'failed') END,
	coalesce(p.job_id, 0), p.found, p.created_by, p.created_at, p.finished_at
	FROM proposal p LEFT JOIN unit u ON u.id = p.unit_id`

func scan(row pgx.CollectableRow) (p Proposal, err error) {
	var found []byte
	err = row.Scan(&p.ID, &p.Unit, &p.Params, &p.State, &p.Job, &found, &p.CreatedBy, &p.CreatedAt, &p.FinishedAt)
	if err == nil && found != nil {
		err = json.Unmarshal(found, &p.Found)
	}
	return p, err
}

// Get returns a proposal, or ErrUnknown.
func Get(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Proposal, error) {
	rows, _ := db.Query(ctx, `SELECT`+columns+` WHERE p.id = $5 AND `+readable(1), append(walls(actor), id)...)
	p, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return Proposal{}, fmt.Errorf("proposal %d: %w", id, err)
	}
	return p, nil
}

// List returns proposals for a unit ("" = for all) with an id below before (0 = from
// the newest on), newest first.
func List(ctx context.Context, db pg.DB, actor staff.Actor, base string, before int64, limit int) ([]Proposal, error) {
	rows, _ := db.Query(ctx, `SELECT`+columns+`
		WHERE `+readable(1)+` AND ($5 = '' OR u.code = $5) AND ($6 = 0 OR p.id < $6) ORDER BY p.id DESC LIMIT $7`, append(walls(actor), base, before, limit)...)
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("proposals: %w", err)
	}
	return list, nil
}

// Parts returns the units of an alternative, counted from 1.
//
// Errors: ErrUnknown, ErrNotDone, ErrAlternative.
func Parts(ctx context.Context, db pg.DB, actor staff.Actor, id int64, alternative int) ([]Part, error) {
	p, err := Get(ctx, db, actor, id)
	switch {
	case err != nil:
		return nil, err
	case p.Found == nil:
		return nil, fmt.Errorf("proposal %d: %w", id, ErrNotDone)
	case alternative < 1 || alternative > len(p.Found.Alternatives):
		return nil, fmt.Errorf("proposal %d, alternative %d: %w", id, alternative, ErrAlternative)
	}
	rows, _ := db.Query(ctx, `SELECT ordinal, code, parent, households, geom FROM proposal_part WHERE proposal_id = $1 AND alternative = $2 ORDER BY ordinal`, id, alternative)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Part])
	if err != nil {
		return nil, fmt.Errorf("proposal %d, alternative %d: %w", id, alternative, err)
	}
	return list, nil
}

// Adopt makes a draft of an alternative. Nothing in force changes.
func Adopt(ctx context.Context, db pg.DB, actor staff.Actor, id int64, alternative int, name string) (plan.Plan, error) {
	parts, err := Parts(ctx, db, actor, id, alternative)
	if err != nil {
		return plan.Plan{}, err
	}
	p, err := Get(ctx, db, actor, id)
	if err != nil {
		return plan.Plan{}, err
	}
	names, err := namesOf(ctx, db, p.Params.Day, parts)
	if err != nil {
		return plan.Plan{}, fmt.Errorf("adopt proposal %d: %w", id, err)
	}
	var units []plan.Unit
	for _, part := range parts {
		units = append(units, plan.Unit{Code: part.Code, Name: names[part.Code], Parent: part.Parent, Area: part.Area})
	}
	return plan.Redivide(ctx, db, actor, plan.Branch{Name: name, Base: p.Params.Base, Level: p.Params.Level, Day: p.Params.Day,
		Note: fmt.Sprintf("方案建议 %d-%d · proposal %d, alternative %d", id, alternative, id, alternative)}, units)
}

// namesOf are the names of units in force by code.
func namesOf(ctx context.Context, db pg.DB, day geo.Day, parts []Part) (map[string]string, error) {
	names := map[string]string{}
	inForce, err := grid.AllInForce(ctx, db, day)
	for _, u := range inForce {
		if slices.ContainsFunc(parts, func(p Part) bool { return p.Code == u.Code }) {
			names[u.Code] = u.Name
		}
	}
	return names, err
}

// Remove deletes a proposal with its parts.
func Remove(ctx context.Context, db pg.DB, actor staff.Actor, id int64) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := Get(ctx, tx, actor, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM proposal WHERE id = $1`, id); err != nil {
			return fmt.Errorf("remove proposal %d: %w", id, err)
		}
		return audit.Write(ctx, tx, actor, "remove", "proposal", strconv.FormatInt(id, 10), nil)
	})
}
