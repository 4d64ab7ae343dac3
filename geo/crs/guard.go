package crs

import "github.com/paulmach/orb"

// Evidence is what is known of a place, in WGS 84.
type Evidence struct {
	Lines []orb.LineString   // streets, borders
	Areas []orb.MultiPolygon // units in force, buildings
}

// The results of Guard.
const (
	OK        = "ok"        // the evidence agrees with the claim
	Mismatch  = "mismatch"  // another system fits clearly better
	Unchecked = "unchecked" // too little evidence, or it does not tell
)

// Score says how well the sample fits the evidence when read in one system.
type Score struct {
	CRS CRS `json:"crs"`
}

// Verdict is what the guard thinks of a claim.
type Verdict struct {
	Result    string  `json:"result"`
	LooksLike CRS     `json:"looks_like,omitempty"`
	Why       string  `json:"why"`
	WhyZh     string  `json:"why_zh"`
	Scores    []Score `json:"scores"`
}
