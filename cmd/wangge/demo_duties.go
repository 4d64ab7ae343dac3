package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"wangge/geo"
	"wangge/geo/incident"
	"wangge/geo/pg"
	"wangge/geo/post"
	"wangge/geo/premises"
	"wangge/geo/staff"
	"wangge/geo/visit"
)

// linkedHomes is how many households the demo worker keeps in touch with (二十户包联).
const linkedHomes = 20

// giveDemoDuties gives the demo worker something to do: households to keep in touch with,
// some of which are to be visited again by now, a daily beat, and incidents. Once: a worker
// who has households to keep in touch with has been given them.
func giveDemoDuties(ctx context.Context, engine pg.DB, now time.Time) error {
	posts, err := post.List(ctx, engine, staff.System, geo.DayOf(now), post.Filter{Kind: staff.Worker, Account: "demo-worker", Limit: 1})
	if err != nil || len(posts) == 0 {
		return err
	}
	worker := posts[0]
	links, err := visit.Links(ctx, engine, staff.System, worker.ID)
	if err != nil || len(links) > 0 {
		return err
	}
	homes, err := visit.DueIn(ctx, engine, staff.System, visit.DueFilter{Unit: worker.Unit, Cadence: "grid", Until: geo.DayOf(now).AddDays(366), Limit: linkedHomes}, geo.DayOf(now))
	if err != nil || len(homes) == 0 {
		return err
	}
	households := make([]int64, len(homes))
	for i, home := range homes {
		households[i] = home.Household
	}
	if err := visit.Link(ctx, engine, staff.System, worker.ID, households); err != nil {
		return err
	}
	for i, household := range households { // 23 to 42 days ago, of 30: about two thirds are due
		if _, err := visit.Log(ctx, engine, staff.System, visit.New{
			ID: uuid.New(), Household: household, Cadence: "linked", Outcome: visit.Met, At: now.AddDate(0, 0, -(23 + i)),
		}, now); err != nil {
			return err
		}
	}
	if err := giveDemoBeat(ctx, engine, worker.Unit); err != nil {
		return err
	}
	return reportDemoIncidents(ctx, engine, worker.ID, homes, now)
}

// giveDemoBeat makes a beat by the checkpoints of a unit, walked every day from 8 to 18.
func giveDemoBeat(ctx context.Context, engine pg.DB, unit string) error {
	const most = 20
	points, err := premises.Checkpoints(ctx, engine, staff.System, unit, 0, most)
	if err != nil || len(points) == 0 {
		return err
	}
	round := premises.Round{Name: "日常巡查", Unit: unit, Weekdays: []int16{1, 2, 3, 4, 5, 6, 7}, Starts: 8 * 60, Ends: 18 * 60}
	for _, p := range points {
		round.Checkpoints = append(round.Checkpoints, p.ID)
	}
	_, err = premises.SetBeat(ctx, engine, staff.System, 0, round)
	return err
}

// reportDemoIncidents reports what the worker finds in the list of duties: accepted just now
// and given to the worker's post. One has lain there since last week, so that the duty room
// has something overdue.
func reportDemoIncidents(ctx context.Context, engine pg.DB, worker int64, homes []visit.Due, now time.Time) error {
	found := []struct {
		category, text string
		at             time.Time
	}{{"0404", "楼道里堆着旧家具", now}, {"0602", "路灯不亮", now}, {"0601", "井盖松动，走过有响声", now}, {"0404", "楼梯口堆着纸箱", now.AddDate(0, 0, -8)}}
	for i, one := range found {
		home := homes[i*len(homes)/len(found)]
		if home.Point == nil {
			continue
		}
		reported, _, err := incident.Report(ctx, engine, engine, staff.System, incident.New{
			ID: uuid.New(), Category: one.category, Text: one.text, Point: *home.Point, ReportedAt: one.at,
		}, one.at)
		for _, step := range []incident.Doing{{ID: uuid.New(), Act: incident.ToAccept}, {ID: uuid.New(), Act: incident.ToDispatch, Post: worker}} {
			if err == nil && one.at.Equal(now) {
				_, err = incident.Do(ctx, engine, engine, staff.System, reported.ID, step, now)
			}
		}
		if err != nil {
			return fmt.Errorf("demo town: %w", explained(err))
		}
	}
	return nil
}
