package tiles

import (
	"context"
	"fmt"
	"maps"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/tiles/mvt"
)

// follower makes the views of one day, each from the one before and what
// changed. Its books are touched by one goroutine at a time; views are immutable.
type follower struct {
	register   *register
	households roll
	incidents  roll
	hive       *hive
}

// maxListed bounds the rows that are read again one by one; beyond it a subject
// is loaded whole.
const maxListed = 10_000

// load reads everything. db must be one snapshot of the database, so that
// contents and versions belong together.
func load(ctx context.Context, db pg.DB, day geo.Day) (*view, *follower, error) {
	seen, err := readVersions(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	levels, err := readLevels(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	v, f := &view{day: day, seen: seen, levels: levels, layers: map[string]*layer{}}, &follower{}
	for _, subject := range append(stored, subjectCell) {
		if v, err = f.reload(ctx, db, v, subject); err != nil {
			return nil, nil, err
		}
	}
	v.attribution, err = readAttribution(ctx, db)
	return v, f, err
}

// reload draws one subject anew; all its tiles get a new version.
func (f *follower) reload(ctx context.Context, db pg.DB, v *view, subject string) (*view, error) {
	layers, err := f.draw(ctx, db, v, subject)
	if err != nil {
		return nil, err
	}
	next := v.without(subject).with(layers...)
	if subject == subjectGrid {
		next.tree = f.register.tree
	}
	return next, nil
}

func (f *follower) draw(ctx context.Context, db pg.DB, v *view, subject string) (layers []*layer, err error) {
	version := versionOf(subject, v.seen)
	switch subject {
	case subjectGrid:
		if f.register, err = readRegister(ctx, db, v.day, v.levels); err != nil {
			return nil, err
		}
		f.register.version = v.seen[subjectGrid]
		return f.register.layers(v.levels, v.day, version), nil
	case subjectHousehold:
		f.households = roll{}
		p, err := loadHouseholds(ctx, db, v.day, &f.households)
		return []*layer{ledgerLayer(subject, p, v.day, version)}, err
	case subjectIncident:
		f.incidents = roll{}
		p, err := loadIncidents(ctx, db, v.day, &f.incidents)
		return []*layer{ledgerLayer(subject, p, v.day, version)}, err
	case subjectService:
		p, err := loadServicePoints(ctx, db, v.day)
		return []*layer{ledgerLayer(subject, p, v.day, version)}, err
	case subjectZone:
		l, err := loadZones(ctx, db, v.day, version)
		return []*layer{l}, err
	case subjectBackground:
		l, err := loadBackground(ctx, db, version)
		return []*layer{l}, err
	case subjectCell:
		if f.hive, err = readHive(ctx, db, v.day); err != nil {
			return nil, err
		}
		return []*layer{f.hive.layer(v.day, version)}, nil
	}
	return nil, fmt.Errorf("the map has no subject %q", subject)
}

// versionOf is the version of what a subject shows. Units carry counts of
// households, and cells count two ledgers: theirs is the sum, which rises when
// either does, in whatever order the two are committed.
func versionOf(subject string, seen map[string]int64) int64 {
	switch subject {
	case subjectGrid:
		return seen[subjectGrid] + seen[subjectHousehold]
	case subjectCell:
		return seen[subjectHousehold] + seen[subjectIncident]
	}
	return seen[subject]
}

// pending is what happened to one subject since a view.
type pending struct {
	version  int64
	all      bool
	subjects []string
}

func collect(changes []change) map[string]*pending {
	by := map[string]*pending{}
	for _, c := range changes {
		p := by[c.Layer]
		if p == nil {
			p = &pending{}
			by[c.Layer] = p
		}
		p.version = max(p.version, c.Version)
		p.subjects = append(p.subjects, c.Subject...)
		p.all = p.all || c.Subject == nil || len(p.subjects) > maxListed
	}
	return by
}

// apply returns the view after the changes; db is the snapshot in which they
// were read. When it fails, the books may be ahead of the view: load again.
func (f *follower) apply(ctx context.Context, db pg.DB, v *view, changes []change) (*view, error) {
	next := *v
	next.seen = maps.Clone(v.seen)
	by := collect(changes)
	for subject, p := range by {
		next.seen[subject] = p.version
	}
	v = &next
	for _, subject := range stored {
		p := by[subject]
		if p == nil {
			continue
		}
		var err error
		if v, err = f.applyOne(ctx, db, v, subject, p); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (f *follower) applyOne(ctx context.Context, db pg.DB, v *view, subject string, p *pending) (*view, error) {
	switch {
	case subject == subjectGrid:
		return f.applyGrid(ctx, db, v)
	case subject == subjectHousehold && p.all:
		return f.reloadHouseholds(ctx, db, v)
	case subject == subjectHousehold:
		return f.applyHouseholds(ctx, db, v, p.subjects)
	case subject == subjectIncident && p.all:
		return f.reloadIncidents(ctx, db, v)
	case subject == subjectIncident:
		return f.applyIncidents(ctx, db, v, p.subjects)
	case subject == subjectService && !p.all:
		return applyServicePoints(ctx, db, v, p.subjects)
	}
	return f.reload(ctx, db, v, subject)
}

// applyGrid draws the units anew. Only tiles that look different get a new
// version: a plan for one village leaves the tiles of the others alone.
func (f *follower) applyGrid(ctx context.Context, db pg.DB, v *view) (*view, error) {
	levels, err := readLevels(ctx, db)
	if err != nil {
		return nil, err
	}
	r, err := readRegister(ctx, db, v.day, levels)
	if err != nil {
		return nil, err
	}
	r.version = v.seen[subjectGrid]
	f.register = r
	changed := r.layers(levels, v.day, versionOf(subjectGrid, v.seen))
	for i, l := range changed {
		if was := v.layers[l.name]; was != nil {
			changed[i] = was.next(l.content, l.version, difference(was.content, l.content))
			changed[i].bounds = l.bounds
		}
	}
	next := v.without(subjectGrid).with(changed...)
	next.levels, next.tree = levels, r.tree
	return f.reassign(ctx, db, next)
}

// reassign reads again who is responsible for what, and what was published. Neither
// changes what Everything shows, so the layers keep their versions; those of scopes
// are named by the version of the tree as well.
func (f *follower) reassign(ctx context.Context, db pg.DB, v *view) (*view, error) {
	var books ledgerDifference
	err := readHouseholds(ctx, db, v.day, nil, func(h household) {
		now := standing{h.cell, h.unit}
		books.move(f.households.put(h.id, now), now, cellCount{households: 1})
	})
	if err != nil {
		return nil, err
	}
	err = readIncidents(ctx, db, v.day, nil, func(i incident) {
		now := standing{i.cell, i.unit}
		books.move(f.incidents.put(i.key(), now), now, cellCount{incidents: 1})
	})
	if err != nil {
		return nil, err
	}
	serving := map[int64]int64{}
	err = readServicePoints(ctx, db, v.day, nil, func(p servicePoint) { serving[p.id] = ownerOf(p.unit) })
	if err != nil {
		return nil, err
	}
	published, err := readPublishedCells(ctx, db, v.day)
	if err != nil {
		return nil, err
	}
	hive, touched := f.hive.recount(books.cells)
	hive.published = published
	f.hive = hive
	owned := func(subject string, by func(int64) int64) *layer {
		return v.layers[subject].showing(v.layers[subject].content.(points).owned(by))
	}
	cells := v.layers[subjectCell]
	return v.with(
		owned(subjectHousehold, f.households.owner), owned(subjectIncident, f.incidents.owner),
		owned(subjectService, func(id int64) int64 { return serving[id] }),
		cells.next(hive, cells.version, touched)), nil
}

// difference lists the tiles that look different.
func difference(was, now content) *mvt.Touched {
	touched := new(mvt.Touched)
	switch was := was.(type) {
	case *shapes:
		was.changed(now.(*shapes), touched)
	case points:
		was.changed(now.(points), touched)
	}
	return touched
}

func (f *follower) reloadHouseholds(ctx context.Context, db pg.DB, v *view) (*view, error) {
	v, err := f.reload(ctx, db, v, subjectHousehold)
	if err != nil {
		return nil, err
	}
	v = f.showCounts(v, f.households.byUnit(), nil)
	return f.reload(ctx, db, v, subjectCell)
}

func (f *follower) reloadIncidents(ctx context.Context, db pg.DB, v *view) (*view, error) {
	v, err := f.reload(ctx, db, v, subjectIncident)
	if err != nil {
		return nil, err
	}
	return f.reload(ctx, db, v, subjectCell)
}

// applyHouseholds reads the listed households again, and moves their counts from
// the units and cells where they stood to those where they stand.
func (f *follower) applyHouseholds(ctx context.Context, db pg.DB, v *view, subjects []string) (*view, error) {
	ids, err := parseIDs(subjects)
	if err != nil {
		return nil, err
	}
	gone := set(ids)
	var places []mvt.Place
	books := ledgerDifference{units: map[int64]int{}}
	err = readHouseholds(ctx, db, v.day, ids, func(h household) {
		places = append(places, h.place())
		now := standing{h.cell, h.unit}
		books.move(f.households.put(h.id, now), now, cellCount{households: 1})
		gone[h.id] = false
	})
	if err != nil {
		return nil, err
	}
	for id, is := range gone {
		if is {
			books.move(f.households.put(id, standing{}), standing{}, cellCount{households: 1})
		}
	}
	v = v.with(changedPoints(v.layers[subjectHousehold], versionOf(subjectHousehold, v.seen), set(ids), places))
	v = f.showCounts(v, nil, books.units)
	return f.showCells(v, books.cells), nil
}

func (f *follower) applyIncidents(ctx context.Context, db pg.DB, v *view, subjects []string) (*view, error) {
	ids, err := parseUUIDs(subjects)
	if err != nil {
		return nil, err
	}
	gone := map[int64]bool{}
	for _, id := range ids {
		gone[fold(id)] = true
	}
	drop := maps.Clone(gone)
	var places []mvt.Place
	var books ledgerDifference
	err = readIncidents(ctx, db, v.day, ids, func(i incident) {
		places = append(places, i.place())
		now := standing{i.cell, i.unit}
		books.move(f.incidents.put(i.key(), now), now, cellCount{incidents: 1})
		gone[i.key()] = false
	})
	if err != nil {
		return nil, err
	}
	for id, is := range gone {
		if is {
			books.move(f.incidents.put(id, standing{}), standing{}, cellCount{incidents: 1})
		}
	}
	v = v.with(changedPoints(v.layers[subjectIncident], versionOf(subjectIncident, v.seen), drop, places))
	return f.showCells(v, books.cells), nil
}

func applyServicePoints(ctx context.Context, db pg.DB, v *view, subjects []string) (*view, error) {
	ids, err := parseIDs(subjects)
	if err != nil {
		return nil, err
	}
	var places []mvt.Place
	err = readServicePoints(ctx, db, v.day, ids, func(p servicePoint) { places = append(places, p.place()) })
	if err != nil {
		return nil, err
	}
	return v.with(changedPoints(v.layers[subjectService], versionOf(subjectService, v.seen), set(ids), places)), nil
}

func changedPoints(l *layer, version int64, ids map[int64]bool, places []mvt.Place) *layer {
	next, touched := l.content.(points).replaced(ids, places)
	return l.next(next, version, touched)
}

// ledgerDifference is what a change of a ledger adds to units and cells.
type ledgerDifference struct {
	units map[int64]int
	cells []cellCount
}

// move takes one row from where it was to where it is; either may be nowhere.
func (d *ledgerDifference) move(was, now standing, one cellCount) {
	if was == now {
		return
	}
	if was.unit > 0 && d.units != nil {
		d.units[was.unit]--
	}
	if now.unit > 0 && d.units != nil {
		d.units[now.unit]++
	}
	if was.cell != 0 {
		d.cells = append(d.cells, cellCount{was.cell, ownerOf(was.unit), -one.households, -one.incidents})
	}
	if now.cell != 0 {
		d.cells = append(d.cells, cellCount{now.cell, ownerOf(now.unit), one.households, one.incidents})
	}
}

// showCounts puts new counts of households on the units: all of them, or moved.
func (f *follower) showCounts(v *view, all, moved map[int64]int) *view {
	var touched map[string]*mvt.Touched
	if all != nil {
		f.register, touched = f.register.recountAll(all)
	} else {
		f.register, touched = f.register.recount(moved)
	}
	version := versionOf(subjectGrid, v.seen)
	var changed []*layer
	for code, where := range touched {
		l := v.layers["grid-"+code]
		changed = append(changed, l.next(f.register.grids[code], version, where))
	}
	return v.with(changed...)
}

func (f *follower) showCells(v *view, differences []cellCount) *view {
	next, touched := f.hive.recount(differences)
	f.hive = next
	return v.with(v.layers[subjectCell].next(next, versionOf(subjectCell, v.seen), touched))
}
