package route

import (
	"context"
	"net/netip"
)

// Reach is how a request came to us.
type Reach struct {
	TLS bool // encrypted, here or up to a trusted proxy: cookies may be bound to the host
	// Secure: browsers give the page its full means, such as the place of the phone
	// and work without a network: over TLS, or on this machine.
	Secure bool
	Client netip.Addr // of the client, behind trusted proxies
}

type reachKey struct{}

// WithReach returns a context of a request that came like this.
func WithReach(ctx context.Context, r Reach) context.Context {
	return context.WithValue(ctx, reachKey{}, r)
}

// ReachOf is how the request of ctx came.
func ReachOf(ctx context.Context) Reach {
	r, _ := ctx.Value(reachKey{}).(Reach)
	return r
}
