package circle

import (
	"context"
	"io"

	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Export says what is written, and how.
type Export struct {
	What   string // units, cells, points, uncovered, change
	Format string // csv, xlsx, geojson, gpkg, parquet
	Column int    // -1 = every one
	Level  string // of units; "" = all
	Before int64  // of change: the other run
}

// File is an export that is checked, and ready to be written.
type File struct {
	MediaType string
	Write     func(ctx context.Context, w io.Writer) error
}

func NewExport(ctx context.Context, db pg.Pool, actor staff.Actor, id int64, e Export) (File, error) {
	return File{}, nil
}
