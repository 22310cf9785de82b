package server

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	chaosv1 "github.com/hedgerow-web/hedgerow/server/proto/chaos/v1"
)

// Faults makes every method of the server wait and fail, so that an app whose calls know nothing of scripts can be watched while it
// retries and hedges. The zero value makes none. The methods of hedgerow.chaos.v1.Chaos are left out: their requests say themselves
// how they fail.
//
// An attempt is known by the request header grpc-previous-rpc-attempts, which is 0 or absent in the first attempt, 1 in the second,
// and so on.
type Faults struct {
	// Fail is how many attempts of each call fail: those whose grpc-previous-rpc-attempts is below it. Default: none.
	Fail int
	// FailRate is the share of attempts, from 0 to 1, that fail by chance, besides those that Fail names. Default: 0.
	FailRate float64
	// FailCode is the code of these failures. Default: UNAVAILABLE.
	FailCode codes.Code
	// Pushback is the value of grpc-retry-pushback-ms in these failures: how many milliseconds the client must wait before its next
	// attempt, or a negative number if it must not try again. Default: none.
	Pushback string
	// Delay is how long an attempt waits before the method begins, or before it fails. Default: 0.
	Delay time.Duration
	// DelayBelow delays only the attempts whose grpc-previous-rpc-attempts is below it. Default: 0, which delays all.
	DelayBelow int
}

// Check returns an error that says what is wrong with the faults, or nil. New panics with it.
func (f Faults) Check() error {
	switch {
	case f.Fail < 0:
		return fmt.Errorf("Faults.Fail is %d; give the number of attempts that fail, 0 or more", f.Fail)
	case !(f.FailRate >= 0 && f.FailRate <= 1): // Written like this, the check refuses NaN too.
		return fmt.Errorf("Faults.FailRate is %v; give a number from 0 to 1", f.FailRate)
	case f.FailCode > codes.Unauthenticated:
		return fmt.Errorf("Faults.FailCode is %d; give a code of gRPC, up to 16", f.FailCode)
	case f.Delay < 0:
		return fmt.Errorf("Faults.Delay is %v; give a duration that is not negative", f.Delay)
	case f.DelayBelow < 0:
		return fmt.Errorf("Faults.DelayBelow is %d; give the number of attempts that are delayed, or 0 for all", f.DelayBelow)
	}
	if f.Pushback != "" {
		if _, err := strconv.ParseInt(f.Pushback, 10, 32); err != nil {
			return fmt.Errorf("Faults.Pushback is %q; give a whole number of milliseconds, or a negative number for no more attempts", f.Pushback)
		}
	}
	return nil
}

// meet waits, and returns the error with which an attempt fails, or nil if its method may begin.
func (f Faults) meet(ctx context.Context, method string) error {
	if strings.HasPrefix(method, "/"+chaosv1.Chaos_ServiceDesc.ServiceName+"/") {
		return nil
	}
	previous := previousAttempts(ctx)
	if f.Delay > 0 && (f.DelayBelow == 0 || previous < f.DelayBelow) {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		}
	}
	switch {
	case previous < f.Fail:
		return f.failure(ctx, fmt.Sprintf("attempt %d fails: this server was told to fail the first %d attempts of each call", previous+1, f.Fail))
	case f.FailRate > 0 && rand.Float64() < f.FailRate:
		return f.failure(ctx, fmt.Sprintf("attempt %d fails: this server was told to fail attempts by chance, with probability %v", previous+1, f.FailRate))
	}
	return nil
}

func (f Faults) failure(ctx context.Context, message string) error {
	if f.Pushback != "" {
		if err := grpc.SetTrailer(ctx, metadata.Pairs("grpc-retry-pushback-ms", f.Pushback)); err != nil {
			return err
		}
	}
	if f.FailCode == codes.OK {
		return status.Error(codes.Unavailable, message)
	}
	return status.Error(f.FailCode, message)
}

// previousAttempts returns the number in grpc-previous-rpc-attempts. A header that is absent, or no number, counts as 0: it is the
// first attempt, or one of a client that does not count.
func previousAttempts(ctx context.Context) int {
	values := metadata.ValueFromIncomingContext(ctx, "grpc-previous-rpc-attempts")
	if len(values) == 0 {
		return 0
	}
	n, err := strconv.Atoi(values[0])
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// options has grpc-go meet the faults before each method.
func (f Faults) options() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, r any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if err := f.meet(ctx, info.FullMethod); err != nil {
				return nil, err
			}
			return next(ctx, r)
		}),
		grpc.ChainStreamInterceptor(func(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			if err := f.meet(stream.Context(), info.FullMethod); err != nil {
				return err
			}
			return next(service, stream)
		}),
	}
}
