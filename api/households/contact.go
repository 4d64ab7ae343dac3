package households

import (
	"context"

	"wangge/api/route"
	"wangge/geo/household"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// MountContact adds /households/{id}/contact. Reading it tells whether a contact
// is kept; the contact itself comes only from a look, which says what for and is
// recorded.
func MountContact(a route.API, db pg.DB, ring *vault.Ring) {
	h := contactHandler{db, ring}
	op := func(id, summary string) route.Op { return route.Op{ID: id, Summary: summary, Tag: "households"} }
	look := op("look-at-contact", "Open the contact of a household; the look is recorded").For(staff.Contact)
	look.Description = "For the worker linked to the household and the supervisor."
	put := op("set-contact", "Keep a contact, with the consent to it").For(staff.Contact)
	put.Description = "Show the notice household-contact first."
	route.Get(a, "/households/{id}/contact", op("get-contact", "Whether a contact is kept, by which consent, and whether visits are wanted").For(staff.Place), h.get)
	route.Put(a, "/households/{id}/contact", put, h.put)
	route.Delete(a, "/households/{id}/contact", op("forget-contact", "Withdraw the consent and destroy the contact").For(staff.Contact), h.forget)
	route.Post(a, "/households/{id}/contact/looks", look, h.look)
	route.Put(a, "/households/{id}/visits", op("set-visits", "Whether the household wants visits").For(staff.Record), h.visits)
}

type contactHandler struct {
	db   pg.DB
	ring *vault.Ring
}

func (h contactHandler) get(ctx context.Context, in *Path) (*route.Body[household.Contact], error) {
	return route.OK(household.ContactOf(ctx, h.db, route.Actor(ctx), in.ID))
}

type contactInput struct {
	Path
	Body household.NewContact
}

func (h contactHandler) put(ctx context.Context, in *contactInput) (*route.Body[household.Contact], error) {
	return route.OK(household.SetContact(ctx, h.db, h.ring, route.Actor(ctx), in.ID, in.Body))
}

func (h contactHandler) forget(ctx context.Context, in *Path) (*struct{}, error) {
	return nil, household.ForgetContact(ctx, h.db, h.ring, route.Actor(ctx), in.ID)
}

// ContactPurpose is what a look is for.
type ContactPurpose struct {
	Purpose household.Look `json:"purpose" enum:"visit,emergency,service,check"`
}

type lookInput struct {
	Path
	Body ContactPurpose
}

func (h contactHandler) look(ctx context.Context, in *lookInput) (*route.Body[household.Details], error) {
	return route.OK(household.LookAtContact(ctx, h.db, h.ring, route.Actor(ctx), in.ID, in.Body.Purpose))
}

// WantsVisits is whether a household wants visits.
type WantsVisits struct {
	Refused bool `json:"refused"`
}

type visitsInput struct {
	Path
	Body WantsVisits
}

func (h contactHandler) visits(ctx context.Context, in *visitsInput) (*route.Body[household.Contact], error) {
	return route.OK(household.SetVisits(ctx, h.db, route.Actor(ctx), in.ID, in.Body.Refused))
}
