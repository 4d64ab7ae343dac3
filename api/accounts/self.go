package accounts

import (
	"context"

	"wangge/api/route"
	"wangge/geo/account"
	"wangge/geo/staff"
)

// mountSelf adds what people do with their own account. None of it is for
// programs: they have no session.
func mountSelf(a route.API, h handler) {
	op := func(id, summary string) route.Op {
		return route.Op{ID: id, Self: true, Summary: summary, Tag: "account"}
	}
	route.Patch(a, "/account", op("change-self", "Change one's own name and phone"), h.describe)
	route.Post(a, "/account/password", op("change-password", "Change one's password; other sessions end"), h.password)
	route.Post(a, "/account/totp", op("begin-totp", "Begin two-step sign-in: a secret for the phone"), h.enrol)
	route.Post(a, "/account/totp/confirm", op("confirm-totp", "Switch two-step sign-in on with a code from the phone; gives recovery codes"), h.confirm)
	route.Post(a, "/account/totp/recovery", op("renew-recovery", "Make new recovery codes"), h.recovery)
	route.Post(a, "/account/totp/remove", op("remove-totp", "Switch two-step sign-in off"), h.remove)
}

// person is who asks, if that is a person.
func (h handler) person(ctx context.Context, v *route.Visitor) (staff.Actor, error) {
	actor := route.Actor(ctx)
	_, err := account.Current(ctx, h.Engine, actor, v.Visit().Session)
	return actor, err
}

type describe struct {
	route.Visitor
	Body struct {
		Name  string `json:"name" maxLength:"60"`
		Phone string `json:"phone" maxLength:"30"`
	}
}

func (h handler) describe(ctx context.Context, in *describe) (*struct{}, error) {
	actor, err := h.person(ctx, &in.Visitor)
	if err != nil {
		return nil, err
	}
	return nil, account.DescribeSelf(ctx, h.Engine, h.Guard.Ring(), actor, account.Person{Name: in.Body.Name, Phone: in.Body.Phone})
}

type newPassword struct {
	route.Visitor
	Body struct {
		Present string `json:"present" maxLength:"1024"`
		Chosen  string `json:"chosen" maxLength:"1024" doc:"at least 10 characters"`
	}
}

func (h handler) password(ctx context.Context, in *newPassword) (*struct{}, error) {
	signed, err := h.Guard.ChangePassword(ctx, h.Engine, route.Actor(ctx), in.Visit(), in.Body.Present, in.Body.Chosen)
	if err != nil {
		return nil, in.Wait(err)
	}
	in.Keep(signed)
	return nil, nil
}

type confirmed struct {
	route.Visitor
	Body struct {
		Password string `json:"password" maxLength:"1024" doc:"the present one"`
	}
}

func (h handler) enrol(ctx context.Context, in *confirmed) (*route.Body[account.Enrolment], error) {
	actor, err := h.person(ctx, &in.Visitor)
	if err != nil {
		return nil, err
	}
	e, err := h.Guard.Enrol(ctx, h.Engine, actor, in.Body.Password)
	return route.OK(e, in.Wait(err))
}

type code struct {
	route.Visitor
	Body struct {
		Code string `json:"code" maxLength:"40"`
	}
}

// RecoveryCodes are the codes for the day when the phone is lost. They are shown once.
type RecoveryCodes struct {
	Codes []string `json:"codes"`
}

func (h handler) confirm(ctx context.Context, in *code) (*route.Body[RecoveryCodes], error) {
	actor, err := h.person(ctx, &in.Visitor)
	if err != nil {
		return nil, err
	}
	codes, err := h.Guard.Confirm(ctx, h.Engine, actor, in.Body.Code)
	return route.OK(RecoveryCodes{codes}, in.Wait(err))
}

func (h handler) recovery(ctx context.Context, in *confirmed) (*route.Body[RecoveryCodes], error) {
	actor, err := h.person(ctx, &in.Visitor)
	if err != nil {
		return nil, err
	}
	codes, err := h.Guard.RenewRecovery(ctx, h.Engine, actor, in.Body.Password)
	return route.OK(RecoveryCodes{codes}, in.Wait(err))
}

func (h handler) remove(ctx context.Context, in *confirmed) (*struct{}, error) {
	actor, err := h.person(ctx, &in.Visitor)
	if err != nil {
		return nil, err
	}
	return nil, in.Wait(h.Guard.RemoveTOTP(ctx, h.Engine, actor, in.Body.Password))
}
