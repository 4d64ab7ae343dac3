// Package deliveries serves the one way in from phones on patrol.
package deliveries

import (
	"context"
	"time"

	"wangge/api/route"
	"wangge/geo/patrol"
	"wangge/geo/staff"
)

// maxBody is how large a delivery may be, in bytes.
const maxBody = 2 << 20

// Mount adds /deliveries.
func Mount(a route.API, desk *patrol.Desk) {
	h := handler{desk}
	op := route.Op{ID: "deliver", Tag: "patrols", Summary: "Send what happened on patrol, each thing exactly once", MaxBody: maxBody, Checked: true,
		Description: "Items of shifts, fixes and whatever else this server takes, in any order, as often as you like. What the answer calls stored or known is kept for good: drop it. " +
			"What it refuses comes with a reason; it harms no other item, and may be mended and sent again under its id. " +
			"A shift says {\"shift\": uuid, \"do\": start|pause|resume|members|end, \"members\"?: [account ids], \"transport\"?: foot|bicycle|car}. " +
			"Fixes say {\"shift\": uuid, \"first\": sequence of the first, from 1 on, \"fixes\": [[milliseconds since 1970, lon, lat, accuracy in metres or null], … 2,000 at most]}. " +
			"An incident says {\"category\", \"at\": [lon, lat], \"accuracy\"?: metres, \"address\"?, \"text\"?, \"private\"?, \"shift\"?, \"photos\"?: [uuids]}, a step {\"incident\": uuid, \"act\", \"from\"?, \"reason\"?, \"amount\"?, \"unit\"?, \"point\"?}, " +
			"a visit {\"household\", \"cadence\", \"outcome\": met|nobody|declined, \"shift\"?}, a refusal {\"household\"}, an inspection {\"premises\", \"grade\", \"reason\", \"valid_until\", \"post\"?} and a mark {\"checkpoint\", \"by\": gps|qr|nfc, \"code\"?, \"at\"?: [lon, lat], \"accuracy\"?, \"shift\"?}; their ids are those of their items."}
	route.Post(a, "/deliveries", op.For(staff.Record), h.deliver)
}

type handler struct{ desk *patrol.Desk }

type input struct{ Body patrol.Delivery }

// Receipt answers a delivery, item by item in its order.
type Receipt struct {
	ReceivedAt time.Time  `json:"received_at"`
	Items      []ItemDone `json:"items"`
}

// ItemDone is what became of an item.
type ItemDone struct {
	ID      string         `json:"id"`
	State   patrol.State   `json:"state" enum:"stored,known,refused" doc:"drop what is stored or known"`
	Problem *route.Problem `json:"problem" doc:"why it was refused"`
	Upto    *int           `json:"upto" doc:"of fixes: up to this sequence of the shift none is missing"`
}

func (h handler) deliver(ctx context.Context, in *input) (*route.Body[Receipt], error) {
	got, err := h.desk.Deliver(ctx, route.Actor(ctx), in.Body)
	if err != nil {
		return nil, err
	}
	out := Receipt{got.ReceivedAt, make([]ItemDone, 0, len(got.Items))}
	for _, r := range got.Items {
		item := ItemDone{ID: r.ID, State: r.State, Upto: r.Upto}
		if r.Err != nil {
			item.Problem = route.Of(r.Err)
		}
		out.Items = append(out.Items, item)
	}
	return route.OK(out, nil)
}
