package deliveries

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/household"
	"wangge/geo/incident"
	"wangge/geo/patrol"
	"wangge/geo/pg"
	"wangge/geo/premises"
	"wangge/geo/staff"
	"wangge/geo/visit"
	"wangge/geo/worktime"
)

// reportBody is an item of the kind incident: what was seen at its time. The item's id
// becomes the incident's.
type reportBody struct {
	Category string      `json:"category"`
	At       orb.Point   `json:"at"`       // [lon, lat]
	Accuracy *float64    `json:"accuracy"` // metres; null = not told
	Address  string      `json:"address"`
	Text     string      `json:"text"`
	Private  bool        `json:"private"`
	Shift    *uuid.UUID  `json:"shift"`
	Photos   []uuid.UUID `json:"photos"` // that come by themselves: PUT /photos/{uuid}
}

// stepBody is an item of the kind step: what was done with an incident. The item's id
// becomes the step's.
type stepBody struct {
	Incident uuid.UUID      `json:"incident"`
	Act      incident.Act   `json:"act"`
	From     incident.State `json:"from"`
	Reason   string         `json:"reason"`
	Amount   int            `json:"amount"`
	Unit     worktime.Unit  `json:"unit"`
	Point    *orb.Point     `json:"point"`
}

// visitBody is an item of the kind visit.
type visitBody struct {
	Household int64         `json:"household"`
	Cadence   string        `json:"cadence"`
	Outcome   visit.Outcome `json:"outcome"`
	Shift     *uuid.UUID    `json:"shift"`
}

// refusalBody is an item of the kind refusal: the household wants no visits any more.
type refusalBody struct {
	Household int64 `json:"household"`
}

// markBody is an item of the kind mark: that a checkpoint was reached.
type markBody struct {
	Checkpoint int64        `json:"checkpoint"`
	By         premises.Way `json:"by"`
	Code       string       `json:"code"`
	At         *orb.Point   `json:"at"` // where the phone was
	Accuracy   *float64     `json:"accuracy"`
	Shift      *uuid.UUID   `json:"shift"`
}

// inspectionBody is an item of the kind inspection: what was found at premises on the day
// of the item.
type inspectionBody struct {
	Premises   int64          `json:"premises"`
	Grade      premises.Grade `json:"grade"`
	Reason     string         `json:"reason"`
	ValidUntil geo.Day        `json:"valid_until"`
	Post       *int64         `json:"post"` // that inspects them
}

// Kinds are what phones deliver beside shifts and fixes. engine finds whose an incident
// is, also above what its reporter may see.
func Kinds(engine pg.DB) map[string]patrol.Take {
	return map[string]patrol.Take{
		"incident": taking(func(ctx context.Context, tx pgx.Tx, actor staff.Actor, item patrol.Taken, b reportBody) error {
			at, err := route.Place(b.At)
			if err != nil {
				return err
			}
			_, _, err = incident.Report(ctx, tx, engine, actor, incident.New{
				ID: item.ID, Category: b.Category, Address: b.Address, Text: b.Text, ReportedAt: item.At, Point: at, Accuracy: b.Accuracy,
				Private: b.Private, Shift: b.Shift, Photos: b.Photos}, time.Now())
			return err
		}),
		"step": taking(func(ctx context.Context, tx pgx.Tx, actor staff.Actor, item patrol.Taken, b stepBody) error {
			d := incident.Doing{ID: item.ID, Act: b.Act, From: b.From, Reason: b.Reason, Extend: worktime.Limit{Amount: b.Amount, Unit: b.Unit}}
			at, err := placeOf(b.Point)
			if err != nil {
				return err
			}
			if at != nil {
				d.Point = *at
			}
			_, err = incident.Do(ctx, tx, engine, actor, b.Incident, d, time.Now())
			return err
		}),
		"visit": taking(func(ctx context.Context, tx pgx.Tx, actor staff.Actor, item patrol.Taken, b visitBody) error {
			_, err := visit.Log(ctx, tx, actor, visit.New{ID: item.ID, Household: b.Household, Cadence: b.Cadence, Outcome: b.Outcome,
				At: item.At, DeviceAt: item.DeviceAt, Shift: b.Shift}, time.Now())
			return err
		}),
		"refusal": taking(func(ctx context.Context, tx pgx.Tx, actor staff.Actor, _ patrol.Taken, b refusalBody) error {
			_, err := household.SetVisits(ctx, tx, actor, b.Household, true)
			return err
		}),
		"mark": taking(func(ctx context.Context, tx pgx.Tx, actor staff.Actor, item patrol.Taken, b markBody) error {
			at, err := placeOf(b.At)
			if err != nil {
				return err
			}
			n := premises.NewMark{ID: item.ID, Checkpoint: b.Checkpoint, By: b.By, Code: b.Code, At: at, MarkedAt: item.At, DeviceAt: item.DeviceAt, Shift: b.Shift}
			if b.Accuracy != nil {
				n.Accuracy = *b.Accuracy
			}
			_, err = premises.Mark(ctx, tx, actor, n, time.Now())
			return err
		}),
		"inspection": taking(func(ctx context.Context, tx pgx.Tx, actor staff.Actor, item patrol.Taken, b inspectionBody) error {
			_, err := premises.Inspect(ctx, tx, actor, b.Premises, premises.Finding{Grade: b.Grade, Reason: b.Reason,
				InspectedOn: geo.DayOf(item.At), ValidUntil: b.ValidUntil, Post: b.Post}, grid.Today())
			return err
		}),
	}
}

// taking reads the body of an item before it is taken.
func taking[B any](take func(context.Context, pgx.Tx, staff.Actor, patrol.Taken, B) error) patrol.Take {
	return func(ctx context.Context, tx pgx.Tx, actor staff.Actor, item patrol.Taken) error {
		var body B
		if err := json.Unmarshal(item.Body, &body); err != nil {
			return patrol.ErrBody.Because(err)
		}
		return take(ctx, tx, actor, item, body)
	}
}

// placeOf is a place that may be left out.
func placeOf(p *orb.Point) (*geo.Point, error) {
	if p == nil {
		return nil, nil
	}
	at, err := route.Place(*p)
	return &at, err
}
