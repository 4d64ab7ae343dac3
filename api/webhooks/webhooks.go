// Package webhooks serves where a town's own message gateway is told of duties.
package webhooks

import (
	"context"

	"github.com/google/uuid"

	"wangge/api/route"
	"wangge/geo/staff"
	"wangge/geo/webhook"
)

// Mount adds /webhooks.
func Mount(a route.API, desk webhook.Desk) {
	h := handler{desk}
	op := func(id, summary string) route.Op {
		return route.Op{ID: id, Summary: summary, Tag: "settings", May: staff.Setting}
	}
	add := op("add-webhook", "Have a gateway told of duties in a unit; the answer holds the secret that signs, which is not shown again")
	add.Status = 201
	test := op("test-webhook", "Have a gateway told of nothing, soon; its deliveries say what came of it")
	test.Status = 202
	again := op("retry-webhook", "Have a gateway told, soon, of what was given up after too many tries")
	again.Status = 202
	route.Get(a, "/webhooks", op("list-webhooks", "Where gateways are told of duties"), h.list)
	route.Post(a, "/webhooks", add, h.add)
	route.Put(a, "/webhooks/{id}", op("change-webhook", "Say anew where a gateway is, of what it is told, and whether"), h.change)
	route.Delete(a, "/webhooks/{id}", op("remove-webhook", "Forget a gateway with its secret"), h.remove)
	route.Post(a, "/webhooks/{id}/secret", op("renew-webhook", "Give a gateway another secret; the one before signs nothing any more"), h.renew)
	route.Post(a, "/webhooks/{id}/test", test, h.test)
	route.Post(a, "/webhooks/{id}/retry", again, h.again)
	route.Get(a, "/webhooks/{id}/deliveries", op("list-webhook-deliveries", "What a gateway was told lately, and what came of it; newest first"), h.deliveries)
}

type handler struct{ desk webhook.Desk }

func (h handler) list(ctx context.Context, _ *struct{}) (*route.Body[route.List[webhook.Hook]], error) {
	list, err := h.desk.List(ctx, route.Actor(ctx))
	return route.OK(route.List[webhook.Hook]{Items: list}, err)
}

// WebhookFields say where a gateway is, and of what it is told.
type WebhookFields struct {
	URL     string          `json:"url" maxLength:"500" doc:"https; http for 127.0.0.1 only"`
	Events  []webhook.Event `json:"events" enum:"given,dispatched,overdue" maxItems:"3"`
	Enabled bool            `json:"enabled"`
}

// NewWebhook is one for a unit.
type NewWebhook struct {
	Unit string `json:"unit" maxLength:"64" doc:"code: its incidents and those of all units below"`
	WebhookFields
}

// MadeWebhook is one with its secret.
type MadeWebhook struct {
	webhook.Hook
	Secret string `json:"secret" doc:"signs what is told; it is not shown again"`
}

func (h handler) add(ctx context.Context, in *route.Body[NewWebhook]) (*route.Body[MadeWebhook], error) {
	b := in.Body
	made, secret, err := h.desk.Add(ctx, route.Actor(ctx), webhook.Hook{Unit: b.Unit, URL: b.URL, Events: b.Events, Enabled: b.Enabled})
	return route.OK(MadeWebhook{made, secret}, err)
}

type id struct {
	ID int64 `path:"id" minimum:"1"`
}

type changeInput struct {
	ID   int64 `path:"id" minimum:"1"`
	Body WebhookFields
}

func (h handler) change(ctx context.Context, in *changeInput) (*route.Body[webhook.Hook], error) {
	return route.OK(h.desk.Change(ctx, route.Actor(ctx), in.ID, webhook.Hook{URL: in.Body.URL, Events: in.Body.Events, Enabled: in.Body.Enabled}))
}

func (h handler) remove(ctx context.Context, in *id) (*struct{}, error) {
	return nil, h.desk.Remove(ctx, route.Actor(ctx), in.ID)
}

// WebhookSecret signs what is told.
type WebhookSecret struct {
	Secret string `json:"secret" doc:"it is not shown again"`
}

func (h handler) renew(ctx context.Context, in *id) (*route.Body[WebhookSecret], error) {
	secret, err := h.desk.Renew(ctx, route.Actor(ctx), in.ID)
	return route.OK(WebhookSecret{secret}, err)
}

// WebhookTest is a message that is on its way.
type WebhookTest struct {
	Delivery uuid.UUID `json:"delivery" doc:"found in the deliveries"`
}

func (h handler) test(ctx context.Context, in *id) (*route.Body[WebhookTest], error) {
	delivery, err := h.desk.Try(ctx, route.Actor(ctx), in.ID)
	return route.OK(WebhookTest{delivery}, err)
}

// WebhookRetry is what is told again.
type WebhookRetry struct {
	Messages int64 `json:"messages" doc:"how many wait because of it; 0 when none was given up"`
}

func (h handler) again(ctx context.Context, in *id) (*route.Body[WebhookRetry], error) {
	messages, err := h.desk.Again(ctx, route.Actor(ctx), in.ID)
	return route.OK(WebhookRetry{messages}, err)
}

type deliveriesInput struct {
	ID    int64 `path:"id" minimum:"1"`
	Limit int   `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (h handler) deliveries(ctx context.Context, in *deliveriesInput) (*route.Body[route.List[webhook.Delivery]], error) {
	list, err := h.desk.Deliveries(ctx, route.Actor(ctx), in.ID, in.Limit)
	return route.OK(route.List[webhook.Delivery]{Items: list}, err)
}
