// Package packs serves the map of a unit as one file, which a phone keeps for where
// there is no signal.
package packs

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/valyala/fasthttp"

	"wangge/api/route"
	"wangge/geo/etag"
	"wangge/geo/fault"
	"wangge/geo/staff"
	"wangge/tiles"
)

// ErrRange is a Range that the file does not have.
var ErrRange = fault.New(fault.Malformed, "pack_range", "The map file has no such bytes. Ask how long it is, and begin again.")

// Pack is the map of a unit as a file.
type Pack struct {
	Unit    string     `json:"unit" doc:"code"`
	Name    string     `json:"name" doc:"of the unit"`
	Version string     `json:"version" doc:"SHA-256 of the file, in hex: the same contents have the same version; it is the ETag too"`
	Bytes   int64      `json:"bytes"`
	MadeAt  time.Time  `json:"made_at" doc:"when the map was like this"`
	MinZoom int        `json:"min_zoom"`
	MaxZoom int        `json:"max_zoom" doc:"of a large unit the deepest are left out"`
	Bounds  [4]float64 `json:"bounds" doc:"west, south, east, north"`
}

// Mount adds /packs.
func Mount(a route.API, drawn *tiles.Server) {
	h := handler{drawn}
	get := route.Op{ID: "get-pack", Summary: "The map of a unit as one file: version and size", Tag: "map",
		Description: "It is drawn when somebody asks, once for all who ask meanwhile and in less than a second, and kept; there is no job to wait for."}
	route.Get(a, "/packs/{unit}", get.For(staff.Map), h.get)
	file := route.Op{ID: "get-pack-file", Summary: "The map of a unit as one file, for a phone without signal", Tag: "map",
		Description: "PMTiles, version 3, with vector tiles: the ground, and borders and names of the units that the caller sees; no household, incident or count. " +
			"Its metadata has the styles of the ground (wangge.ground). One Range at a time is answered; with If-Range the whole file when it has changed."}
	route.Get(a, "/packs/{unit}/file", file.For(staff.Map), h.file)
}

type handler struct{ drawn *tiles.Server }

// ByUnit names a unit.
type ByUnit struct {
	Unit string `path:"unit" maxLength:"64"`
}

func (h handler) get(ctx context.Context, in *ByUnit) (*route.Body[Pack], error) {
	p, err := h.drawn.Pack(ctx, tiles.ScopeOf(route.Actor(ctx)), in.Unit)
	return route.OK(Pack{p.Unit, p.Name, p.Version, p.Bytes, p.MadeAt, p.MinZoom, p.MaxZoom, p.Bounds}, err)
}

type fileInput struct {
	ByUnit
	Range       string `header:"Range" doc:"bytes=from-to"`
	IfRange     string `header:"If-Range" doc:"an ETag"`
	IfNoneMatch string `header:"If-None-Match"`
}

func (h handler) file(ctx context.Context, in *fileInput) (*huma.StreamResponse, error) {
	p, err := h.drawn.PackFile(ctx, tiles.ScopeOf(route.Actor(ctx)), in.Unit)
	if err != nil {
		return nil, err
	}
	tag := `"` + p.Version + `"`
	from, to, status := 0, len(p.File)-1, http.StatusOK
	switch {
	case etag.Matches(in.IfNoneMatch, tag):
		status = http.StatusNotModified
	case in.Range != "" && (in.IfRange == "" || in.IfRange == tag):
		if from, to, err = fasthttp.ParseByteRange([]byte(in.Range), len(p.File)); err != nil {
			return nil, ErrRange.Because(err)
		}
		status = http.StatusPartialContent
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("ETag", tag)
		c.SetHeader("Accept-Ranges", "bytes")
		c.SetHeader("Cache-Control", "private, no-cache")
		c.SetHeader("Content-Type", "application/vnd.pmtiles")
		if status == http.StatusPartialContent {
			c.SetHeader("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(p.File)))
		}
		c.SetStatus(status)
		if status != http.StatusNotModified {
			_, _ = c.BodyWriter().Write(p.File[from : to+1]) // an error means that the client has gone
		}
	}}, nil
}
