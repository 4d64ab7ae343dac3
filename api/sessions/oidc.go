package sessions

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"wangge/api/route"
	"wangge/geo/account"
	"wangge/geo/account/provider"
)

// callbackPath is where the provider sends the browser back to. It is registered
// there with the address of this server before it.
const callbackPath = route.Prefix + "/session/oidc/callback"

// onward sends the browser to the page by a navigation of our own: the session's
// cookie is not sent along where another site began the navigation.
const onward = `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>Wangge</title><p><a href="/">继续 · Continue</a>`

// signInPage is the page's own, which tells what a problem means.
const signInPage = "/sign-in#problem="

func callbackURL(c *fiber.Ctx) string {
	return c.Protocol() + "://" + string(c.Request().Host()) + callbackPath
}

// start sends the browser to the provider.
func (h handler) start(c *fiber.Ctx) error {
	if h.Provider == nil {
		return fiber.ErrNotFound
	}
	to, attempt, err := h.Provider.Begin(c.UserContext(), callbackURL(c), time.Now())
	if err != nil {
		return h.back(c, err)
	}
	route.AttemptCookie.Set(c, attempt.Cookie(), attempt.Until)
	return c.Redirect(to, fiber.StatusSeeOther)
}

// callback ends a sign-in at the provider. Whatever else the provider sends along
// is not looked at.
func (h handler) callback(c *fiber.Ctx) error {
	if h.Provider == nil {
		return fiber.ErrNotFound
	}
	attempt := provider.ParseAttempt(route.AttemptCookie.Read(c))
	route.AttemptCookie.Set(c, "", time.Time{})
	answer := provider.Answer{State: c.Query("state"), Code: c.Query("code"), Error: c.Query("error")}
	person, err := h.Provider.Finish(c.UserContext(), callbackURL(c), attempt, answer, time.Now())
	if err != nil {
		return h.back(c, err)
	}
	signed, err := account.SignInExternal(c.UserContext(), h.Engine, person, route.VisitOf(c))
	if err != nil {
		return h.back(c, err)
	}
	route.Keep(c, signed)
	return c.Type("html", "utf-8").SendString(onward)
}

// back sends the browser to the page for signing in, with the code of what went
// wrong. What is no fault of somebody's is answered as everywhere.
func (h handler) back(c *fiber.Ctx, err error) error {
	p := route.Of(err)
	if p.Status == fiber.StatusInternalServerError {
		return err
	}
	h.Log.Warn("sign-in at the provider", "code", p.Code, "err", err)
	return c.Redirect(signInPage+p.Code, fiber.StatusSeeOther)
}
