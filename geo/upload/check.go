package upload

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"wangge/geo/crs"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Validate refuses a request that cannot succeed before its file is taken in.
func Validate(ctx context.Context, db pg.DB, actor staff.Actor, req Request) error {
	if _, known := importers[req.Kind]; !known {
		return ErrKind
	}
	if _, err := crs.Parse(req.CRS); err != nil {
		return err
	}
	if req.Kind != Boundaries {
		return nil
	}
	preset, err := grid.PresetByCode(ctx, db, actor, req.Preset)
	if err != nil {
		return err
	}
	_, err = preset.Depth(req.Level)
	return err
}

// FromDisk is a file that lies on this machine already.
func FromDisk(path string) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	if err != nil {
		return File{}, fmt.Errorf("read %s: %w", path, err)
	}
	return File{Path: path, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}
