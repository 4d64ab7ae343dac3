// Package posts serves posts: which there are, who holds them, and their history.
package posts

import (
	"context"
	"strconv"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/post"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// Mount adds /posts. Names of holders are opened with ring.
func Mount(a route.API, db pg.DB, ring *vault.Ring) {
	h := handler{db, ring}
	op := func(id, summary, description string) route.Op {
		return route.Op{ID: id, Summary: summary, Description: description, Tag: "posts"}
	}
	made := op("make-post", "Make a post", "It gets the next free number of its kind in the unit. "+
		"Posts of the whole installation are made by who keeps all of it.").For(staff.Post)
	made.Status = 201
	route.Get(a, "/posts", op("list-posts", "Posts with their holders, by id",
		"Those of the units in your area, and your own, as they stand on a date. Whether a holder is away is said of now, or of the beginning of another date.").For(staff.Map), h.list)
	route.Post(a, "/posts", made, h.make)
	route.Get(a, "/posts/{id}", op("get-post", "One post as it stands on a date", "").For(staff.Map), h.get)
	route.Patch(a, "/posts/{id}", op("retitle-post", "Give a post a title of its own",
		"From a date on, today or later. An empty title is that of the kind again.").For(staff.Post), h.retitle)
	route.Delete(a, "/posts/{id}", op("end-post", "End a post and its holders",
		"On a date, today or later. It stays in the history, unless nobody ever held it and it has not begun. The last administrator of the whole installation stays.").For(staff.Post), h.end)
	route.Put(a, "/posts/{id}/holders/{rank}", op("hand-over-post", "Hand a rank of a post over, or leave it empty",
		"From a date on. Whoever holds it ends that day, in the same transaction. Where nobody is replaced the date may lie in the past. "+
			"Nobody gives themselves a post that may more than they hold there, unless they keep the whole installation.").For(staff.Post), h.handOver)
	route.Get(a, "/posts/{id}/history", op("get-post-history", "Every holder and title of a post, oldest first",
		"And the posts it goes on from, or that go on from it, where units ended.").For(staff.Map), h.history)
}

type handler struct {
	db   pg.DB
	ring *vault.Ring
}

type listInput struct {
	route.AsOf
	route.Paging
	Unit    string     `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it"`
	Only    bool       `query:"only" doc:"of the unit itself, without the units below"`
	Kind    staff.Kind `query:"kind" maxLength:"40"`
	Account string     `query:"account" maxLength:"64" doc:"login of a holder"`
}

func (h handler) list(ctx context.Context, in *listInput) (*route.Body[route.List[post.Post]], error) {
	day, err := in.Day()
	if err != nil {
		return nil, err
	}
	f := post.Filter{Unit: in.Unit, Only: in.Only, Kind: in.Kind, Account: in.Account, Limit: in.Limit + 1}
	if f.After, err = route.Number(in.Cursor); err != nil {
		return nil, err
	}
	list, err := post.List(ctx, h.db, route.Actor(ctx), day, f)
	if err != nil {
		return nil, err
	}
	page := route.Page(list, in.Limit, func(p post.Post) string { return strconv.FormatInt(p.ID, 10) })
	return route.OK(page, post.AddNames(ctx, h.db, h.ring, page.Items))
}

// named opens the names of one post's holders.
func (h handler) named(ctx context.Context, p post.Post, err error) (*route.Body[post.Post], error) {
	if err != nil {
		return nil, err
	}
	list := []post.Post{p}
	err = post.AddNames(ctx, h.db, h.ring, list)
	return route.OK(list[0], err)
}

// Path names a post.
type Path struct {
	ID int64 `path:"id"`
}

type getInput struct {
	Path
	route.AsOf
}

func (h handler) get(ctx context.Context, in *getInput) (*route.Body[post.Post], error) {
	day, err := in.Day()
	if err != nil {
		return nil, err
	}
	p, err := post.Get(ctx, h.db, route.Actor(ctx), day, in.ID)
	return h.named(ctx, p, err)
}

type makeInput struct{ Body NewPost }

// NewPost is a post to be made.
type NewPost struct {
	Kind       staff.Kind `json:"kind" maxLength:"40"`
	Unit       string     `json:"unit" maxLength:"64" doc:"code; empty = the whole installation"`
	Department string     `json:"department,omitempty" maxLength:"60" doc:"of department officers"`
	Title      string     `json:"title,omitempty" maxLength:"60" doc:"empty = that of the kind"`
	From       string     `json:"from,omitempty" format:"date" doc:"today when absent"`
}

func (h handler) make(ctx context.Context, in *makeInput) (*route.Body[post.Post], error) {
	from, err := date(in.Body.From)
	if err != nil {
		return nil, err
	}
	p, err := post.Make(ctx, h.db, route.Actor(ctx), post.New{
		Kind: in.Body.Kind, Unit: in.Body.Unit, Department: in.Body.Department, Title: in.Body.Title, From: from})
	return h.named(ctx, p, err)
}

type retitleInput struct {
	Path
	Body PostTitle
}

// PostTitle is a title from a date on.
type PostTitle struct {
	Title string `json:"title" maxLength:"60" doc:"empty = that of the kind"`
	From  string `json:"from,omitempty" format:"date" doc:"today when absent"`
}

func (h handler) retitle(ctx context.Context, in *retitleInput) (*route.Body[post.Post], error) {
	from, err := date(in.Body.From)
	if err != nil {
		return nil, err
	}
	p, err := post.Retitle(ctx, h.db, route.Actor(ctx), in.ID, in.Body.Title, from)
	return h.named(ctx, p, err)
}

type endInput struct {
	Path
	On string `query:"on" format:"date" doc:"first day it is no longer there; today when absent"`
}

func (h handler) end(ctx context.Context, in *endInput) (*struct{}, error) {
	on, err := date(in.On)
	if err != nil {
		return nil, err
	}
	return nil, post.End(ctx, h.db, route.Actor(ctx), in.ID, on)
}

type handOverInput struct {
	Path
	Rank post.Rank `path:"rank" enum:"A,B"`
	Body HandOver
}

// HandOver is who holds a rank from a date on.
type HandOver struct {
	Account string `json:"account" maxLength:"64" doc:"login; empty = nobody"`
	From    string `json:"from,omitempty" format:"date" doc:"today when absent"`
}

func (h handler) handOver(ctx context.Context, in *handOverInput) (*route.Body[post.Post], error) {
	from, err := date(in.Body.From)
	if err != nil {
		return nil, err
	}
	p, err := post.HandOver(ctx, h.db, route.Actor(ctx), in.ID, in.Rank, in.Body.Account, from)
	return h.named(ctx, p, err)
}

func (h handler) history(ctx context.Context, in *Path) (*route.Body[post.History], error) {
	return route.OK(post.HistoryOf(ctx, h.db, route.Actor(ctx), in.ID))
}

// date reads a date; "" is the zero day.
func date(text string) (geo.Day, error) {
	if text == "" {
		return geo.Day{}, nil
	}
	day, err := geo.ParseDay(text)
	if err != nil {
		return geo.Day{}, route.ErrDate.Because(err)
	}
	return day, nil
}
