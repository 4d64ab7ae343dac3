package tiles

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/pg"
)

// pastKey names what a subject showed on another day than today, as it was known
// at a version: a correction of the past is a new version.
type pastKey struct {
	subject string
	day     geo.Day
	version int64
	units   int64 // version of the units, which say whose a thing was
}

// on returns the layer as it stood on day, with the units of that day; the
// background has no days.
func (s *Server) on(ctx context.Context, v *view, l *layer, day geo.Day) (*layer, *tree, error) {
	if day == v.day || l.day == "" {
		return l, v.tree, nil
	}
	key := pastKey{l.subject, day, versionOf(l.subject, v.seen), v.seen[subjectGrid]}
	past, err := s.past.Get(ctx, key, func() (*view, error) { return s.loadPast(ctx, l.subject, day) })
	if err != nil {
		return nil, nil, err
	}
	if then := past.layers[l.name]; then != nil {
		return then, past.tree, nil
	}
	return nil, nil, ErrLayer
}

// loadPast reads one subject of a day, with its version, in one snapshot.
func (s *Server) loadPast(ctx context.Context, subject string, day geo.Day) (*view, error) {
	var v *view
	err := s.snapshot(ctx, func(tx pgx.Tx) error {
		seen, err := readVersions(ctx, tx)
		if err != nil {
			return err
		}
		levels, err := readLevels(ctx, tx)
		if err != nil {
			return err
		}
		v = &view{day: day, seen: seen, levels: levels, layers: map[string]*layer{}}
		if v, err = new(follower).reload(ctx, tx, v, subject); err != nil {
			return err
		}
		return v.placeInTime(ctx, tx, geo.DayOf(s.Now()))
	})
	if err != nil {
		return nil, fmt.Errorf("%s of the map on %s: %w", subject, day, err)
	}
	return v, nil
}

// placeInTime reads the units of the view's day, if it draws none, and those of
// today, by which scopes are resolved.
func (v *view) placeInTime(ctx context.Context, db pg.DB, today geo.Day) error {
	if v.tree == nil {
		then, err := readParents(ctx, db, v.day)
		if err != nil {
			return err
		}
		v.tree = &tree{parent: then}
	}
	now, err := readParents(ctx, db, today)
	if err != nil {
		return err
	}
	v.tree.today = &tree{parent: now, version: v.seen[subjectGrid]}
	return nil
}
