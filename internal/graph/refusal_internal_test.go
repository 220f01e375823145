package graph

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// The library knows what to do about every code that the engine can be made to answer with.
func TestTheLibraryKnowsEveryCode(t *testing.T) {
	t.Parallel()
	sentinels := []error{
		wacloud.ErrAuth, wacloud.ErrRateLimited, wacloud.ErrUnavailable, wacloud.ErrWindowClosed, wacloud.ErrUndeliverable,
		wacloud.ErrInvalid, wacloud.ErrTemplate, wacloud.ErrBlocked,
	}
	known := func(code int) bool {
		return slices.ContainsFunc(sentinels, func(target error) bool { return errors.Is(&wacloud.APIError{Code: code}, target) })
	}
	require.Greater(t, len(codes), 50)
	for code, row := range codes {
		switch code {
		case 0: // is no code to the library: it goes by the HTTP status
			require.ErrorIs(t, &wacloud.APIError{StatusCode: row.status}, wacloud.ErrAuth)
		case 2500: // a wrong path, which the library never asks for
		default:
			require.True(t, known(code), "%d %s", code, row.title)
		}
	}
	require.False(t, known(999_999))
}
