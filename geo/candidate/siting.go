package candidate

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

	"wangge/geo/audit"
	"wangge/geo/cell"
	"wangge/geo/circle"
	"wangge/geo/fault"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/siting"
	"wangge/geo/staff"
)

// Faults of sitings.
var (
	ErrSiting  = fault.New(fault.NotFound, "siting_unknown", "There is no such siting.")
	ErrParams  = fault.New(fault.Invalid, "siting_params", "The search cannot be made like this; correct what is named. 选址条件有误，请按提示修改。")
	ErrNone    = fault.New(fault.Invalid, "siting_none", "No candidate site is there to choose from: import or add candidates, name other kinds, or search anywhere. 没有可选的候选点：请导入或添加候选点、改选类型，或选择任意地点。")
	ErrMaking  = fault.New(fault.Conflict, "siting_running", "The search is being made. Cancel its job first. 选址正在进行，请先取消任务。")
	ErrTooMuch = fault.New(fault.Invalid, "siting_candidates", "A search takes 5,000 candidates at most; name kinds, single ones, or a smaller unit. 一次选址最多 5,000 个候选点，请缩小范围。")
)

// JobKind is the kind of the jobs that search.
const JobKind = "siting"

// What a search does with the points that stand already.
const (
	Keep   = "keep"   // they stay, and new ones are added
	Move   = "move"   // some may move
	Ignore = "ignore" // as if there were none
)

// Params are everything that decides a search besides what is stored.
type Params struct {
	Circle     int64        `json:"circle" minimum:"1" doc:"the run of a service circle whose households, standard and points count"`
	Column     int          `json:"column" required:"false" minimum:"0" maximum:"199" doc:"of the run, from 0"`
	Model      siting.Model `json:"model" enum:"mclp,lscp,p-median,p-center" doc:"most covered, least sites for all, least mean walk, worst first"`
	Sites      int          `json:"sites" required:"false" minimum:"0" maximum:"500" doc:"new ones"`
	Budget     int64        `json:"budget" required:"false" minimum:"0" doc:"yuan, for all new ones together; 0 = none"`
	Existing   string       `json:"existing" required:"false" enum:"keep,move,ignore" default:"keep" doc:"what happens to the points that stand"`
	Moves      int          `json:"moves" required:"false" minimum:"0" maximum:"500" doc:"of move: how many of them may move"`
	Candidates []int64      `json:"candidates,omitempty" maxItems:"5000" doc:"ids; none = all of the kinds in the unit of the run"`
	Kinds      []Kind       `json:"kinds,omitempty" maxItems:"5" doc:"none = all"`
	Anywhere   bool         `json:"anywhere" required:"false" doc:"instead of candidates: the middle of every H3 cell in which somebody lives"`
	StepFree   bool         `json:"step_free" required:"false" doc:"only candidates that are known to be step-free"`
	Capacities bool         `json:"capacities" required:"false" doc:"a site serves no more than its capacity, the nearest first"`
	Weights    string       `json:"weights" required:"false" enum:"households,people" default:"households" doc:"what is counted"`
	Ages       []string     `json:"ages,omitempty" maxItems:"6" enum:"age_0_2,age_3_6,age_7_17,age_18_59,age_60_79,age_80" doc:"of people; none = everybody"`
	Seed       int64        `json:"seed" required:"false" minimum:"0"`
	Effort     int          `json:"effort" required:"false" minimum:"0" maximum:"10" doc:"how long to search: 1 takes about a second"`
}

// filled checks parameters and writes defaults out.
func (p Params) filled() (Params, error) {
	var places []fault.Place
	must := func(ok bool, field, remedy string) {
		if !ok {
			places = append(places, fault.Place{Pointer: field, Code: "invalid", Detail: remedy})
		}
	}
	if p.Existing == "" {
		p.Existing = Keep
	}
	if p.Weights == "" {
		p.Weights = "households"
	}
	p.Effort = max(1, p.Effort)
	full := p.Model == siting.Full
	must(slices.Contains(siting.Models(), p.Model), "model", "mclp, lscp, p-median or p-center")
	must(p.Circle > 0, "circle", "the id of a run that is done")
	must(p.Column >= 0, "column", "from 0")
	must(p.Sites >= 0 && p.Sites <= 500, "sites", "from 0 to 500")
	must(p.Budget >= 0 && p.Budget <= maxCost, "budget", "yuan, not negative")
	must(p.Effort <= 10, "effort", "from 1 to 10")
	must(slices.Contains([]string{Keep, Move, Ignore}, p.Existing), "existing", "keep, move or ignore")
	must(p.Moves >= 0 && (p.Moves > 0) == (p.Existing == Move), "moves", "how many may move, and only with existing: move")
	must(!full || p.Sites == 0 && p.Budget == 0 && p.Moves == 0 && !p.Capacities, "model", "lscp takes no number, no budget, no moves and no capacities")
	must(full || p.Sites > 0 || p.Budget > 0 || p.Moves > 0, "sites", "how many new sites, or a budget")
	must(p.Model != siting.Center || p.Budget == 0 && !p.Capacities, "budget", "p-center takes a number of sites, no budget and no capacities")
	must(!p.Anywhere || len(p.Candidates) == 0 && len(p.Kinds) == 0 && p.Budget == 0 && !p.StepFree, "anywhere", "without candidates, kinds, step-free and budget: nobody knows what any place costs")
	must(p.Weights == "households" && len(p.Ages) == 0 || p.Weights == "people", "weights", "households, or people (of some ages)")
	for _, k := range p.Kinds {
		must(slices.Contains(Kinds(), k), "kinds", "idle-house, vacant-premises, place, existing or other")
	}
	if len(places) > 0 {
		return p, ErrParams.With(places...)
	}
	return p, nil
}

// Siting is one search.
type Siting struct {
	ID         int64      `json:"id"`
	Unit       string     `json:"unit" doc:"code of the run's unit; empty = the whole installation"`
	Params     Params     `json:"params"`
	State      job.State  `json:"state" enum:"waiting,running,done,failed,cancelled"`
	Job        int64      `json:"job" doc:"progress, cancel and retry are there"`
	Digest     string     `json:"digest" doc:"SHA-256 of the exact result: the same inputs give the same"`
	CreatedBy  string     `json:"created_by"`
	CreatedAt  time.Time  `json:"created_at"`
	FinishedAt *time.Time `json:"finished_at"`
	Found      *Found     `json:"found,omitempty" doc:"absent in lists, and until it is done"`
}

// Found is what a search found. Numbers are exact for who may see single places in
// the unit, rounded for everybody else.
type Found struct {
	Measure string `json:"measure" enum:"households,people,sites,minutes" doc:"of value, bound and curve; minutes of p-median are the mean, of p-center the longest"`
	// Nothing is better than Bound, whatever sites are chosen: from above for mclp,
	// from below for the others.
	Value      float64     `json:"value"`
	Bound      float64     `json:"bound" doc:"no choice of sites is better"`
	Gap        float64     `json:"gap" doc:"how far value and bound are apart, as a part; 0 = proven to be the best"`
	Curve      []float64   `json:"curve" doc:"the value with the standing points alone, then with one more new site at a time; of lscp what is covered"`
	Total      int64       `json:"total" doc:"households or people in the unit"`
	Coverable  int64       `json:"coverable" doc:"those that some site reaches"`
	Covered    int64       `json:"covered" doc:"those that a chosen or standing one reaches"`
	Sites      []FoundSite `json:"sites" doc:"standing ones first, then the new ones by what they add"`
	Candidates int         `json:"candidates" doc:"how many were to choose from"`
	NotJoined  []int64     `json:"not_joined" doc:"ids of candidates that no street reaches"`
	Network    string      `json:"network" doc:"SHA-256 of the map's file"`
	Rounded    bool        `json:"rounded"`
	Hidden     bool        `json:"hidden" doc:"nothing is published here, so no number is shown"`
}

// FoundSite is a site of an answer.
type FoundSite struct {
	Rank      int        `json:"rank" doc:"of new ones by what they add, from 1; 0 = stands already"`
	Candidate int64      `json:"candidate" doc:"0 = none"`
	Point     int64      `json:"point" doc:"of one that stands; 0 = new, or of a neighbour"`
	Name      string     `json:"name"`
	Kind      Kind       `json:"kind,omitempty"`
	At        *orb.Point `json:"at,omitempty" doc:"[lon, lat]; absent for a neighbour's point"`
	Cost      *int64     `json:"cost,omitempty"`
	Gain      float64    `json:"gain" doc:"by how much the value became better with this site, those before it being there"`
	Within    int64      `json:"within" doc:"households or people within the distance"`
	Load      int64      `json:"load" doc:"those of which it is the nearest"`
	Served    int64      `json:"served" doc:"those it serves within the capacities"`
	Capacity  *int       `json:"capacity,omitempty"`
	Overload  int64      `json:"overload" doc:"by how much the load exceeds the capacity"`

	cell cell.Cell // whose middle it is, of a search anywhere
}

type jobArgs struct {
	Siting  int64  `json:"siting"`
	Actor   string `json:"actor"`
	Account int64  `json:"account"`
}

// Search has a siting made by a job.
//
// Errors: ErrParams, circle.ErrUnknown, circle.ErrNotDone, circle.ErrColumn,
// staff.ErrForbidden.
func Search(ctx context.Context, db pg.DB, queue *job.Queue, actor staff.Actor, p Params) (Siting, error) {
	p, err := p.filled()
	if err != nil {
		return Siting{}, fmt.Errorf("siting: %w", err)
	}
	run, err := circle.Get(ctx, db, actor, p.Circle)
	switch {
	case err != nil:
		return Siting{}, fmt.Errorf("siting: %w", err)
	case run.State != job.Done:
		return Siting{}, fmt.Errorf("siting: %w", circle.ErrNotDone)
	case p.Column >= len(run.Params.Columns):
		return Siting{}, fmt.Errorf("siting: %w", circle.ErrColumn)
	}
	var id int64
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if id, err = insert(ctx, tx, actor, p); err != nil {
			return err
		}
		j, err := queue.Enqueue(ctx, tx, actor, job.New{Kind: JobKind, Title: fmt.Sprintf("siting (%s) for service circle %d", p.Model, p.Circle), May: staff.Count,
			Args: jobArgs{Siting: id, Actor: actor.Name, Account: actor.Account}})
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE siting SET job_id = $2 WHERE id = $1`, id, j.ID)
		return err
	})
	if err != nil {
		return Siting{}, fmt.Errorf("siting: %w", err)
	}
	return GetSiting(ctx, db, actor, id)
}

func insert(ctx context.Context, tx pgx.Tx, actor staff.Actor, p Params) (id int64, err error) {
	err = tx.QueryRow(ctx, `INSERT INTO siting (circle_id, unit_id, params, created_by) SELECT id, unit_id, $2, $3 FROM circle WHERE id = $1 RETURNING id`,
		p.Circle, p, actor.Name).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		err = circle.ErrUnknown
	}
	if err != nil {
		return 0, err
	}
	return id, audit.Write(ctx, tx, actor, "search", "siting", strconv.FormatInt(id, 10), map[string]any{"circle": p.Circle, "model": p.Model})
}

// sitingColumns are read with the two arguments of staff.Place from n on. The digest is
// that of exact numbers, which could be guessed until it fits: it is for who sees them.
func sitingColumns(n int) string {
	return `
	s.id, coalesce(u.code, ''), s.params, coalesce(s.job_id, 0), CASE WHEN ` + staff.In("s.unit_id", n) + ` THEN s.digest ELSE '' END, s.created_by, s.created_at, s.finished_at,
	` + sitingState + `
	FROM siting s LEFT JOIN unit u ON u.id = s.unit_id`
}

const sitingState = `CASE WHEN s.finished_at IS NOT NULL THEN 'done' ELSE coalesce(siting_job_state(s.job_id), 'failed') END`

func scanSiting(row pgx.CollectableRow) (s Siting, err error) {
	err = row.Scan(&s.ID, &s.Unit, &s.Params, &s.Job, &s.Digest, &s.CreatedBy, &s.CreatedAt, &s.FinishedAt, &s.State)
	return s, err
}

// Sitings lists searches for a run (0 = for every one), newest first, without what
// they found.
func Sitings(ctx context.Context, db pg.DB, actor staff.Actor, run, before int64, limit int) ([]Siting, error) {
	area, place := actor.Area(staff.Count), actor.Area(staff.Place)
	rows, _ := db.Query(ctx, `SELECT`+sitingColumns(6)+`
		WHERE `+staff.In("s.unit_id", 1)+` AND ($3 = 0 OR s.circle_id = $3) AND ($4 = 0 OR s.id < $4) ORDER BY s.id DESC LIMIT $5`,
		area.All, area.Roots, run, before, limit, place.All, place.Roots)
	list, err := pgx.CollectRows(rows, scanSiting)
	if err != nil {
		return nil, fmt.Errorf("sitings: %w", err)
	}
	return list, nil
}

// GetSiting returns a search with what it found, or ErrSiting.
func GetSiting(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Siting, error) {
	count, place := actor.Area(staff.Count), actor.Area(staff.Place)
	rows, _ := db.Query(ctx, `SELECT`+sitingColumns(4)+` WHERE s.id = $1 AND `+staff.In("s.unit_id", 2), id, count.All, count.Roots, place.All, place.Roots)
	s, err := pgx.CollectExactlyOneRow(rows, scanSiting)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrSiting
	}
	if err != nil {
		return Siting{}, fmt.Errorf("siting %d: %w", id, err)
	}
	if s.FinishedAt == nil {
		return s, nil
	}
	var body []byte
	err = db.QueryRow(ctx, `SELECT body FROM siting_result WHERE siting_id = $1 AND rounded = NOT `+staff.In("unit_id", 2), id, place.All, place.Roots).Scan(&body)
	if err == nil {
		err = json.Unmarshal(body, &s.Found)
	}
	if err != nil {
		return Siting{}, fmt.Errorf("siting %d: %w", id, err)
	}
	return s, nil
}

// RemoveSiting removes a search and what it found.
func RemoveSiting(ctx context.Context, db pg.DB, actor staff.Actor, id int64) error {
	count := actor.Area(staff.Count)
	var unit int64
	var by string
	var state job.State
	err := db.QueryRow(ctx, `SELECT s.unit_id, s.created_by, `+sitingState+` FROM siting s WHERE s.id = $1 AND `+staff.In("s.unit_id", 2),
		id, count.All, count.Roots).Scan(&unit, &by, &state)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		err = ErrSiting
	case err == nil && (state == job.Waiting || state == job.Running):
		err = ErrMaking
	case err == nil:
		err = circle.MayDelete(ctx, db, actor, by, unit)
	}
	if err != nil {
		return fmt.Errorf("remove siting %d: %w", id, err)
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM siting WHERE id = $1`, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "remove", "siting", strconv.FormatInt(id, 10), nil)
	})
	if err != nil {
		return fmt.Errorf("remove siting %d: %w", id, err)
	}
	return nil
}
