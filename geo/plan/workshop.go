package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/rule"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// maxOpen is how many drafts a workshop keeps in memory: some 50 MB each at 10,000
// units of 60 points.
const maxOpen = 16

// What the workshop refuses.
var (
	ErrConflict = fault.New(fault.Conflict, "plan_conflict", "Somebody else changed the same units since you loaded them. Keep yours, theirs or both.")
	ErrNoStep   = fault.New(fault.Conflict, "plan_no_step", "There is no step to take back or to do again.")
	ErrKey      = fault.New(fault.Invalid, "edit_key", "An edit needs a key of its own, a UUID, so that it is never done twice.")
)

// Workshop is where drafts are edited. It keeps those being worked on in memory and
// writes every step before it tells of it. It is safe for concurrent use; several
// programs may have one on the same database.
type Workshop struct {
	db    pg.DB
	paths *network.Footpaths
	mu    sync.Mutex
	open  map[int64]*bench
}

// bench is one draft in memory.
type bench struct {
	mu       sync.Mutex
	used     time.Time // guarded by the workshop
	revision int
	plan     Plan              // as it was when the division was read
	grounds  map[string]ground // by account
	*division
}

// NewWorkshop is a workshop on a database. paths tell how long it takes to walk
// across a unit; nil = nobody asks.
func NewWorkshop(db pg.DB, paths *network.Footpaths) *Workshop {
	return &Workshop{db: db, paths: paths, open: map[int64]*bench{}}
}

// Request asks for an edit.
type Request struct {
	Revision int    `json:"revision" minimum:"0" doc:"the draft's revision as you saw it"`
	Key      string `json:"key" format:"uuid" doc:"your own for this edit; sent again it is not done again"`
	Edit     Edit   `json:"edit"`
	Try      bool   `json:"try,omitempty" doc:"say what it would change, and do nothing"`
}

// Edited is what an edit, or taking one back, did.
type Edited struct {
	Revision int         `json:"revision"`
	Head     int         `json:"head" doc:"the last step that is done"`
	Step     *Journaled  `json:"step" doc:"null when nothing was done"`
	Rebased  bool        `json:"rebased" doc:"others had changed the draft elsewhere"`
	Changed  []RowChange `json:"changed"`
	Missed   []RowChange `json:"missed" doc:"what others changed since your revision, in order"`
	// Facts and Findings are those of the units that changed, and of neighbours with a
	// home on the common border.
	Facts    []rule.Fact    `json:"facts" doc:"of the units that changed, and of neighbours with a home on the common border"`
	Findings []rule.Finding `json:"findings" doc:"rules that these units break"`
}

// Journaled is a step in the journal.
type Journaled struct {
	Seq   int       `json:"seq"`
	Edit  Edit      `json:"edit"`
	Units []int     `json:"units" doc:"the rows it changed"`
	State string    `json:"state" enum:"done,undone"`
	Actor string    `json:"actor" doc:"who made it"`
	At    time.Time `json:"at"`
}

// Division is a draft as a page loads it to edit.
type Division struct {
	Plan Plan   `json:"plan"`
	Rim  Land   `json:"rim" doc:"the land that it divides"`
	Next int    `json:"next" doc:"the id of the next unit"`
	Rows []*Row `json:"units"`
	// Parents are the units above that its units may belong to.
	Parents []Above `json:"parents"`
	// Tops are codes of the units that new units above may lie in.
	Tops []string `json:"tops" doc:"codes of the units that new units above may lie in; none = there can be none"`
}

// Above is a unit that the draft divides.
type Above struct {
	Code string `json:"code"`
	Name string `json:"name"`

	id    int64
	level string
}

// Division returns a draft with all of its rows.
func (w *Workshop) Division(ctx context.Context, actor staff.Actor, id int64) (Division, error) {
	b, p, err := w.bench(ctx, actor, id)
	if err != nil {
		return Division{}, fmt.Errorf("division of plan %d: %w", id, err)
	}
	defer b.mu.Unlock()
	if p, err = Get(ctx, w.db, actor, id); err != nil {
		return Division{}, fmt.Errorf("division of plan %d: %w", id, err)
	}
	out := Division{Plan: p, Rim: Land(b.fabric.Rim()), Next: b.next(), Rows: []*Row{}, Parents: b.parents, Tops: append([]string{}, b.tops...)}
	for _, row := range b.rows {
		out.Rows = append(out.Rows, row)
	}
	slices.SortFunc(out.Rows, func(a, b *Row) int { return a.ID - b.ID })
	return out, nil
}

// Rim is the land that a draft divides.
func (w *Workshop) Rim(ctx context.Context, actor staff.Actor, id int64) (geo.MultiPolygon, error) {
	b, _, err := w.bench(ctx, actor, id)
	if err != nil {
		return nil, fmt.Errorf("rim of plan %d: %w", id, err)
	}
	defer b.mu.Unlock()
	return b.fabric.Rim(), nil
}

// bench is a draft as it stands in the database, locked until its mutex is released.
func (w *Workshop) bench(ctx context.Context, actor staff.Actor, id int64) (*bench, Plan, error) {
	w.mu.Lock()
	b := w.open[id]
	w.mu.Unlock()
	if b == nil { // a plan that the actor may not open takes the place of no other
		p, err := Get(ctx, w.db, actor, id)
		if err == nil && p.State != Draft {
			err = wrongState(p.State, Draft)
		}
		if err != nil {
			return nil, p, err
		}
	}
	b = w.seat(id)
	b.mu.Lock()
	p, err := b.stand(ctx, w.db, actor, id)
	if err != nil {
		b.mu.Unlock()
		return nil, p, err
	}
	return b, p, nil
}

// stand is the draft as it stands, of which all is read again only when it is at another
// revision than in memory: what Plan counts and measures in all units is as of then.
func (b *bench) stand(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Plan, error) {
	p := b.plan
	area := actor.Area(staff.Plan)
	err := db.QueryRow(ctx, `
		SELECT p.state, p.revision, p.head, p.name, p.note FROM plan p WHERE p.id = $1 AND in_area(p.area_id, $2, $3)`,
		id, area.All, area.Roots).Scan(&p.State, &p.Revision, &p.Head, &p.Name, &p.Note)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return p, ErrUnknown
	case err != nil:
		return p, fmt.Errorf("plan %d: %w", id, err)
	case p.State != Draft:
		return p, wrongState(p.State, Draft)
	case b.revision == p.Revision:
		return p, nil
	}
	b.revision = -1
	if p, err = Get(ctx, db, actor, id); err != nil {
		return p, err
	}
	if b.division, err = load(ctx, db, actor, p); err != nil {
		return p, err
	}
	b.plan, b.revision = p, p.Revision
	return p, nil
}

// seat is where a draft is kept in memory; the one that was used longest ago makes room.
func (w *Workshop) seat(id int64) *bench {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.open[id]
	if b == nil {
		b = &bench{revision: -1}
		w.open[id] = b
	}
	b.used = time.Now()
	for len(w.open) > maxOpen {
		oldest := id
		for other, one := range w.open {
			if one.used.Before(w.open[oldest].used) {
				oldest = other
			}
		}
		delete(w.open, oldest)
	}
	return b
}

// load reads a draft for the workshop.
func load(ctx context.Context, db pg.DB, actor staff.Actor, p Plan) (*division, error) {
	d, err := open(ctx, db, actor, p.ID, p.Revision, geo.DayOf(time.Now()))
	if err != nil {
		return nil, err
	}
	rim := d.rim(p.Base)
	if noded, ok := d.edges.apply(rim); ok {
		rim = noded
	}
	out, err := weave(ctx, rim, d.units)
	if err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for _, u := range d.units {
		named[u.Parent] = named[u.Parent] || u.Role == Part
	}
	for _, a := range d.above {
		// A draft that came from a file divides the units that it names, and no others.
		if a.ID > 0 && (named[a.Code] || p.Base != nil && (a.ID == p.Base.ID || d.under(a, p.Base.ID))) {
			out.parents = append(out.parents, Above{a.Code, a.Name, a.ID, a.Level})
		}
	}
	slices.SortFunc(out.parents, func(a, b Above) int { return strings.Compare(a.Code, b.Code) })
	out.level, out.inForce, out.basis = p.Level, d.standing(out.parents), d.basis
	above := ""
	for _, a := range d.above {
		above = a.Level
		if p.Base != nil && a.ID > 0 && a.ID != p.Base.ID && d.under(a, p.Base.ID) {
			out.tops = append(out.tops, d.byID[a.ParentID].Code)
		}
	}
	slices.Sort(out.tops)
	out.tops = slices.Compact(out.tops)
	if out.scheme, err = SchemeOf(ctx, db, d.preset, d.level); err == nil && above != "" {
		out.schemeAbove, err = SchemeOf(ctx, db, d.preset, above)
	}
	if err != nil {
		return nil, err
	}
	out.taken, err = Taken(ctx, db, "")
	return out, err
}

// Do makes an edit, or says what it would do. An edit of a draft that others have
// changed meanwhile is made when it does not meet what they did: those on single
// points when their places are still there, others when none of the units they
// change was changed. Else it is ErrConflict, with who changed what. Errors besides:
// those of topology.Fabric with their place, ErrStale, ErrNotDraft.
func (w *Workshop) Do(ctx context.Context, actor staff.Actor, id int64, r Request) (Edited, error) {
	key, err := uuid.Parse(r.Key)
	if err != nil {
		return Edited{}, ErrKey
	}
	b, p, err := w.bench(ctx, actor, id)
	if err != nil {
		return Edited{}, fmt.Errorf("edit plan %d: %w", id, err)
	}
	defer b.mu.Unlock()
	if r.Revision > p.Revision {
		return Edited{}, fmt.Errorf("edit plan %d: %w", id, ErrStale)
	}
	out := Edited{Revision: p.Revision, Head: p.Head, Changed: []RowChange{}, Missed: []RowChange{}}
	others, err := missed(ctx, w.db, id, r.Revision)
	if err != nil {
		return Edited{}, err
	}
	for _, o := range others {
		out.Missed = append(out.Missed, o.changes...)
		out.Rebased = true
	}
	done, err := stepByKey(ctx, w.db, id, key)
	if err != nil || done != nil {
		out.Step = done
		return out, err
	}
	changes, err := b.try(ctx, r.Edit)
	if met := meets(r.Edit, changes, err, others); met != nil {
		return Edited{}, fmt.Errorf("edit plan %d: %w", id, ErrConflict.With(met...))
	}
	if err != nil {
		return Edited{}, fmt.Errorf("edit plan %d: %w", id, err)
	}
	out.Changed = append(out.Changed, changes...)
	if out.Facts, out.Findings, _, err = w.live(ctx, actor, b, p, changes, slices.Concat([]RowChange{}, out.Missed, changes)); err != nil {
		return Edited{}, fmt.Errorf("edit plan %d: %w", id, err)
	}
	if r.Try || len(changes) == 0 {
		return out, nil
	}
	step := Journaled{Edit: r.Edit, Units: idsOf(changes), State: "done", Actor: actor.Name}
	err = w.save(ctx, b, p, changes, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE plan_step SET state = 'dropped' WHERE plan_id = $1 AND state = 'undone'`, id); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `
			WITH s AS (
				INSERT INTO plan_step (plan_id, seq, key, edit, changes, units, made_by, account_id)
				SELECT $1, coalesce(max(seq), 0) + 1, $2, $3, $4, $5, $6, nullif($7::bigint, 0) FROM plan_step WHERE plan_id = $1
				RETURNING seq, made_at),
			r AS (INSERT INTO plan_revision (plan_id, revision, seq, forward) SELECT $1, $8, seq, true FROM s),
			p AS (UPDATE plan SET head = (SELECT seq FROM s) WHERE id = $1)
			SELECT seq, made_at FROM s`,
			id, key, r.Edit, changes, step.Units, actor.Name, actor.Account, p.Revision+1).Scan(&step.Seq, &step.At)
	})
	if err != nil {
		return Edited{}, fmt.Errorf("edit plan %d: %w", id, err)
	}
	out.Revision, out.Head, out.Step = b.revision, step.Seq, &step
	return out, nil
}

// save writes changes and what record adds in one transaction, raises the revision,
// and makes the changes in memory.
func (w *Workshop) save(ctx context.Context, b *bench, p Plan, changes []RowChange, record func(pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, w.db, func(tx pgx.Tx) error {
		if _, err := lockDraft(ctx, tx, p.ID, p.Revision); err != nil {
			return err
		}
		batch := &pgx.Batch{}
		for _, c := range changes {
			switch row := c.After; {
			case c.ID == topology.Unclaimed:
			case row == nil:
				batch.Queue(`DELETE FROM plan_unit WHERE plan_id = $1 AND ordinal = $2`, p.ID, c.ID)
			default:
				area := geo.MultiPolygon(row.Area)
				if area == nil { // a nil slice would be NULL; no area is an empty one
					area = geo.MultiPolygon{}
				}
				batch.Queue(`
					INSERT INTO plan_unit (plan_id, ordinal, role, code, name, parent, place, locked, geom)
					VALUES ($1, $2, $3, $4, $5, nullif($6, ''), $7, $8, $9)
					ON CONFLICT (plan_id, ordinal) DO UPDATE SET
						role = excluded.role, code = excluded.code, name = excluded.name, parent = excluded.parent,
						place = excluded.place, locked = excluded.locked, geom = excluded.geom`,
					p.ID, row.ID, string(row.Role), row.Code, row.Name, row.Parent, row.Place, row.Locked, area)
			}
		}
		batch.Queue(`UPDATE plan SET revision = revision + 1 WHERE id = $1`, p.ID)
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return fmt.Errorf("save units: %w", err)
		}
		return record(tx)
	})
	if err == nil {
		err = b.put(changes)
	}
	b.revision = p.Revision + 1
	if err != nil {
		b.revision = -1 // read it again
	}
	return err
}

// Undo takes back the last step that is done, Redo does the next one again. The
// draft must be at the revision that the caller saw.
func (w *Workshop) Undo(ctx context.Context, actor staff.Actor, id int64, revision int) (Edited, error) {
	return w.turn(ctx, actor, id, revision, false)
}

// Redo is the opposite of Undo.
func (w *Workshop) Redo(ctx context.Context, actor staff.Actor, id int64, revision int) (Edited, error) {
	return w.turn(ctx, actor, id, revision, true)
}

func (w *Workshop) turn(ctx context.Context, actor staff.Actor, id int64, revision int, forward bool) (Edited, error) {
	b, p, err := w.bench(ctx, actor, id)
	if err != nil {
		return Edited{}, fmt.Errorf("journal of plan %d: %w", id, err)
	}
	defer b.mu.Unlock()
	if revision != p.Revision {
		return Edited{}, fmt.Errorf("journal of plan %d: %w", id, ErrStale)
	}
	order, from, to := "DESC", "done", "undone"
	if forward {
		order, from, to = "ASC", "undone", "done"
	}
	var step Journaled
	var changes []RowChange
	err = w.db.QueryRow(ctx, `
		SELECT seq, edit, units, changes, made_by, made_at FROM plan_step
		WHERE plan_id = $1 AND state = $2 ORDER BY seq `+order+` LIMIT 1`, id, from).
		Scan(&step.Seq, &step.Edit, &step.Units, &changes, &step.Actor, &step.At)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoStep
	}
	if err != nil {
		return Edited{}, fmt.Errorf("journal of plan %d: %w", id, err)
	}
	step.State = to
	if !forward {
		changes = inverse(changes)
	}
	head := step.Seq
	err = w.save(ctx, b, p, changes, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			WITH s AS (UPDATE plan_step SET state = $3 WHERE plan_id = $1 AND seq = $2),
			r AS (INSERT INTO plan_revision (plan_id, revision, seq, forward) VALUES ($1, $4, $2, $5))
			UPDATE plan SET head = CASE WHEN $5 THEN $2
				ELSE (SELECT coalesce(max(seq), 0) FROM plan_step WHERE plan_id = $1 AND state = 'done' AND seq < $2) END
			WHERE id = $1 RETURNING head`, id, step.Seq, to, p.Revision+1, forward).Scan(&head)
	})
	if err != nil {
		return Edited{}, fmt.Errorf("journal of plan %d: %w", id, err)
	}
	out := Edited{Revision: b.revision, Head: head, Step: &step, Changed: changes, Missed: []RowChange{}}
	if out.Facts, out.Findings, _, err = w.live(ctx, actor, b, p, nil, changes); err != nil {
		return Edited{}, fmt.Errorf("journal of plan %d: %w", id, err)
	}
	return out, nil
}

// Steps are the steps of a draft's journal before one (0 = from the newest on), newest
// first. Those that were taken back and then left behind are not among them.
func Steps(ctx context.Context, db pg.DB, actor staff.Actor, id int64, before, limit int) ([]Journaled, error) {
	if _, err := Get(ctx, db, actor, id); err != nil {
		return nil, err
	}
	rows, _ := db.Query(ctx, `
		SELECT s.seq, s.edit, s.units, s.state, coalesce((SELECT a.login FROM account a WHERE a.id = s.account_id), s.made_by), s.made_at
		FROM plan_step s
		WHERE s.plan_id = $1 AND s.state <> 'dropped' AND ($2 = 0 OR s.seq < $2)
		ORDER BY s.seq DESC LIMIT $3`, id, before, limit)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Journaled])
	if err != nil {
		return nil, fmt.Errorf("journal of plan %d: %w", id, err)
	}
	return list, nil
}

// turned is a step that was done or taken back.
type turned struct {
	seq     int
	kind    string
	actor   string
	at      time.Time
	changes []RowChange
}

// missed are the steps since a revision, as they changed the draft.
func missed(ctx context.Context, db pg.DB, id int64, revision int) ([]turned, error) {
	rows, _ := db.Query(ctx, `
		SELECT s.seq, s.edit->>'kind', coalesce((SELECT a.login FROM account a WHERE a.id = s.account_id), s.made_by), s.made_at, s.changes, r.forward
		FROM plan_revision r JOIN plan_step s USING (plan_id, seq)
		WHERE r.plan_id = $1 AND r.revision > $2 ORDER BY r.revision`, id, revision)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t turned, err error) {
		var forward bool
		if err = row.Scan(&t.seq, &t.kind, &t.actor, &t.at, &t.changes, &forward); err == nil && !forward {
			t.changes = inverse(t.changes)
		}
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("steps of plan %d since %d: %w", id, revision, err)
	}
	return list, nil
}

// meets are the steps of others that an edit meets, with places.
func meets(e Edit, changes []RowChange, refused error, others []turned) (places []fault.Place) {
	point := slices.Contains([]topology.OpKind{topology.MovePoint, topology.AddPoint, topology.DeletePoint, topology.MoveBorder}, e.Kind)
	if point && refused == nil {
		return nil
	}
	for _, o := range others {
		for _, c := range o.changes {
			mine := refused != nil || slices.ContainsFunc(changes, func(m RowChange) bool { return m.ID == c.ID && c.ID != topology.Unclaimed })
			if !mine {
				continue
			}
			row := c.After
			if row == nil {
				row = c.Before
			}
			place := fault.Place{Pointer: "code=" + row.Code, Code: o.kind, Detail: fmt.Sprintf("%s, %s", o.actor, o.at.UTC().Format(time.RFC3339))}
			if len(row.Area) > 0 {
				at := [2]float64(topology.LabelPoint(geo.MultiPolygon(row.Area)).Degrees())
				place.At = &at
			}
			places = append(places, place)
			break
		}
	}
	return places
}

func stepByKey(ctx context.Context, db pg.DB, id int64, key uuid.UUID) (*Journaled, error) {
	rows, _ := db.Query(ctx, `
		SELECT seq, edit, units, state, made_by, made_at FROM plan_step WHERE plan_id = $1 AND key = $2`, id, key)
	step, err := pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByPos[Journaled])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("step of plan %d: %w", id, err)
	}
	return step, nil
}

// Duplicate makes a draft like another, as it stood at a revision (0 = now). Its
// journal is empty.
func (w *Workshop) Duplicate(ctx context.Context, actor staff.Actor, id int64, name string, revision int) (Plan, error) {
	if name = strings.TrimSpace(name); name == "" {
		return Plan{}, ErrName
	}
	b, p, err := w.bench(ctx, actor, id)
	if err != nil {
		return Plan{}, fmt.Errorf("duplicate plan %d: %w", id, err)
	}
	defer b.mu.Unlock()
	rows := map[int]*Row{}
	for id, row := range b.rows {
		rows[id] = row
	}
	if revision != 0 {
		later, err := missed(ctx, w.db, id, revision)
		if err != nil {
			return Plan{}, err
		}
		for _, t := range slices.Backward(later) {
			for _, c := range inverse(t.changes) {
				if delete(rows, c.ID); c.After != nil {
					rows[c.ID] = c.After
				}
			}
		}
		delete(rows, topology.Unclaimed)
	}
	d := &draft{preset: p.Preset, level: p.Level, day: geo.DayOf(time.Now()), unread: map[int]string{}}
	for _, row := range rows {
		d.units = append(d.units, Unit{Ordinal: row.ID, Role: row.Role, Code: row.Code, Name: row.Name, Parent: row.Parent,
			Place: row.Place, Locked: row.Locked, Area: geo.MultiPolygon(row.Area)})
	}
	slices.SortFunc(d.units, func(a, b Unit) int { return a.Ordinal - b.Ordinal })
	if err := d.load(ctx, w.db, actor); err != nil {
		return Plan{}, fmt.Errorf("duplicate plan %d: %w", id, err)
	}
	var base *int64
	if p.Base != nil {
		base, d.base = &p.Base.ID, p.Base.ID
	}
	d.origin = id
	return d.create(ctx, w.db, actor, name, p.Note, base)
}
