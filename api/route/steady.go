package route

import (
	"context"
	"time"
)

// AnswerTime is how long an answer about an address takes, found or not, so that its
// time says nothing about the address.
const AnswerTime = 400 * time.Millisecond

// Steady gives an answer after AnswerTime, found or not.
func Steady[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	ready := time.NewTimer(AnswerTime)
	defer ready.Stop()
	answer, err := ask()
	select {
	case <-ready.C:
		return answer, err
	case <-ctx.Done():
		var nothing T
		return nothing, ctx.Err()
	}
}
