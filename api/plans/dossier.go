package plans

import (
	"bufio"
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"wangge/api/route"
	"wangge/geo/dossier"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/upload"
)

// writing bounds one file; it is written after the handler has returned.
const writing = 15 * time.Minute

// MountDossier adds the files of a plan.
func MountDossier(a route.API, db pg.Pool, queue *job.Queue, spool upload.Spool) {
	h := files{a, db, queue, spool}
	op := func(id, summary, description string) route.Op {
		return route.Op{ID: id, May: staff.Plan, Summary: summary, Tag: "plans", Description: description}
	}
	route.Get(a, "/plans/{id}/export", op("export-plan", "A plan as a file",
		"Of a draft or a plan that was adopted. Files of boundaries (geojson, gpkg, shp, kml) come in again by POST /imports and are the same plan: they have its digest. "+
			"households lists which household of the ledger it gives to which unit, by number and code; it wants the permission place. Each export is recorded."), h.export)
	ask := op("make-dossier", "Have the dossier of an adopted plan made",
		"pdf: map sheets and tables. zip: the same with the boundaries, the tables, and a manifest of SHA-256 sums, signed by the key that signs the log. The same plan gives the same bytes. A job makes it; the file is kept for a day.")
	ask.Status = 202
	route.Post(a, "/plans/{id}/dossiers", ask, h.ask)
	route.Get(a, "/plans/{id}/dossiers", op("list-dossiers", "The dossiers that were asked for of a plan, newest first", "The latest twenty."), h.dossiers)
	route.Get(a, "/plans/{id}/dossiers/{job}", op("get-dossier", "A dossier that was made", "Each download is recorded."), h.dossier)
}

type files struct {
	api   route.API
	db    pg.Pool
	queue *job.Queue
	spool upload.Spool
}

type exportInput struct {
	Path
	Format string `query:"format" enum:"geojson,gpkg,shp,kml,csv,xlsx" default:"geojson"`
	What   string `query:"what" enum:"units,households" default:"units" doc:"households as csv or xlsx only"`
}

func (h files) export(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	file, err := dossier.Export(ctx, h.db, route.Actor(ctx), in.ID, in.What, in.Format)
	return h.stream(ctx, in.ID, file, err)
}

type askInput struct {
	Path
	Body struct {
		Format string `json:"format,omitempty" enum:"pdf,zip" default:"pdf"`
	}
}

func (h files) ask(ctx context.Context, in *askInput) (*route.Body[job.Job], error) {
	return route.OK(dossier.Ask(ctx, h.db, h.queue, route.Actor(ctx), in.ID, in.Body.Format))
}

func (h files) dossiers(ctx context.Context, in *Path) (*route.Body[route.List[dossier.Made]], error) {
	list, err := dossier.List(ctx, h.db, h.spool, route.Actor(ctx), in.ID)
	return route.OK(route.Page(list, len(list), nil), err)
}

type dossierInput struct {
	Path
	Job int64 `path:"job"`
}

func (h files) dossier(ctx context.Context, in *dossierInput) (*huma.StreamResponse, error) {
	file, err := dossier.Take(ctx, h.db, h.spool, route.Actor(ctx), in.ID, in.Job)
	return h.stream(ctx, in.ID, file, err)
}

// stream writes a file while it is read, after the request's own deadline.
func (h files) stream(ctx context.Context, plan int64, file dossier.File, err error) (*huma.StreamResponse, error) {
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", file.MediaType)
		hc.SetHeader("Content-Disposition", route.Attachment(file.Name))
		humafiber.Unwrap(hc).Context().SetBodyStreamWriter(func(w *bufio.Writer) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writing)
			defer cancel()
			if err := file.Write(ctx, w); err != nil {
				h.api.Log.Error("file cut short", "plan", plan, "file", file.Name, "err", err)
			}
		})
	}}, nil
}
