package tiles

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
)

// pastKey names what a subject showed on another day than today, as it was known
// at a version: a correction of the past is a new version.
type pastKey struct {
	subject string
	day     geo.Day
	version int64
}

// on returns the layer as it stood on day; the background has no days.
func (s *Server) on(ctx context.Context, v *view, l *layer, day geo.Day) (*layer, error) {
	if day == v.day || l.day == "" {
		return l, nil
	}
	key := pastKey{l.subject, day, versionOf(l.subject, v.seen)}
	layers, err := s.past.Get(ctx, key, func() (map[string]*layer, error) { return s.loadPast(ctx, l.subject, day) })
	if err != nil {
		return nil, err
	}
	if then := layers[l.name]; then != nil {
		return then, nil
	}
	return nil, ErrLayer
}

// loadPast reads one subject of a day, with its version, in one snapshot.
func (s *Server) loadPast(ctx context.Context, subject string, day geo.Day) (map[string]*layer, error) {
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
		v, err = new(follower).reload(ctx, tx, v, subject)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s of the map on %s: %w", subject, day, err)
	}
	return v.layers, nil
}
