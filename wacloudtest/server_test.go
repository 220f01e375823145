package wacloudtest_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/wacloudtest"
)

// The faults reach the client as what they play, over real HTTP and in memory alike.
func TestFaultsReachTheClient(t *testing.T) {
	t.Parallel()
	once := wacloud.WithRetry(wacloud.RetryPolicy{MaxAttempts: 1})
	for _, tt := range []struct {
		name  string
		fault wacloudtest.Fault
		check func(t place, err error)
		sent  int
	}{
		{"window", wacloudtest.Fault{Code: 131047}, func(t place, err error) {
			require.ErrorIs(t, err, wacloud.ErrWindowClosed)
		}, 0},
		{"throttle with an hour of pause", wacloudtest.Fault{Code: 130429, Status: 429, RetryAfter: time.Hour, Details: "slow down"}, func(t place, err error) {
			api, ok := errors.AsType[*wacloud.APIError](err)
			require.True(t, ok, err)
			require.ErrorIs(t, err, wacloud.ErrRateLimited)
			require.Equal(t, time.Hour, api.RetryAfter)
			require.Equal(t, "slow down", api.Details)
			require.Equal(t, 429, api.StatusCode)
		}, 0},
		{"a proxy's page", wacloudtest.Fault{HTML: true}, func(t place, err error) {
			api, ok := errors.AsType[*wacloud.APIError](err)
			require.True(t, ok, err)
			require.Equal(t, http.StatusBadGateway, api.StatusCode)
			require.Zero(t, api.Code)
		}, 0},
		{"cut", wacloudtest.Fault{Cut: true}, func(t place, err error) {
			_, ok := errors.AsType[*wacloud.AmbiguousSendError](err)
			require.True(t, ok, err)
		}, 0},
		{"cut after it was accepted", wacloudtest.Fault{CutAfter: true}, func(t place, err error) {
			_, ok := errors.AsType[*wacloud.AmbiguousSendError](err)
			require.True(t, ok, err)
		}, 1},
		{"slow", wacloudtest.Fault{Delay: time.Millisecond}, func(t place, err error) { require.NoError(t, err) }, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			everywhere(t, func(t place) {
				srv := t.newServer()
				srv.FailWith(tt.fault, 1)
				_, err := srv.Client(once).Send(t.Context(), wacloud.Phone("+15550001234"), wacloud.NewText("hi"))
				tt.check(t, err)
				require.Len(t, srv.Sent(), tt.sent)
				_, err = srv.Client(once).Send(t.Context(), wacloud.Phone("+15550001234"), wacloud.NewText("hi"))
				require.NoError(t, err, "the fault ran out")
			})
		})
	}
}

// The client's own retries outlast a short throttle, without a second of real time.
func TestRetriesOutlastFaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
		srv.Fail(131016, 2)
		sent, err := srv.Client().Send(t.Context(), wacloud.Phone("+15550001234"), wacloud.NewText("hi"))
		require.NoError(t, err)
		require.Equal(t, 3, sent.Attempts)
	})
}

// A slow server meets the caller's deadline.
func TestDelayEndsWithTheCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
		srv.FailWith(wacloudtest.Fault{Delay: time.Hour}, 1)
		start := time.Now()
		_, err := srv.Client(wacloud.WithHTTPClient(&http.Client{Transport: srv.HTTPClient().Transport, Timeout: time.Second})).
			Send(t.Context(), wacloud.Phone("+15550001234"), wacloud.NewText("hi"))
		_, ok := errors.AsType[*wacloud.AmbiguousSendError](err)
		require.True(t, ok, err)
		require.Equal(t, time.Second, time.Since(start))
		require.Empty(t, srv.Sent())
	})
}

func TestCallKindsFailApart(t *testing.T) {
	t.Parallel()
	srv := wacloudtest.NewServer(t, wacloudtest.InMemory())
	c := srv.Client(wacloud.WithRetry(wacloud.RetryPolicy{MaxAttempts: 1}))
	srv.Connect(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	id := srv.User("Ana").Say("oi")
	srv.FailWith(wacloudtest.Fault{Call: wacloudtest.CallRead, Code: 131000}, 1)
	srv.FailWith(wacloudtest.Fault{Call: wacloudtest.CallMedia, Code: 131053}, 1)
	_, err := c.Send(t.Context(), wacloud.Phone("+15550001234"), wacloud.NewText("hi"))
	require.NoError(t, err)
	require.ErrorIs(t, c.MarkRead(t.Context(), id), wacloud.ErrUnavailable)
	require.NoError(t, c.MarkRead(t.Context(), id))
	require.NoError(t, c.Typing(t.Context(), id))
	upload := func() (string, error) {
		return c.Upload(t.Context(), wacloud.Upload{Reader: strings.NewReader("x"), MIMEType: "image/jpeg", Filename: "a.jpg"})
	}
	_, err = upload()
	require.ErrorIs(t, err, wacloud.ErrInvalid)
	media, err := upload()
	require.NoError(t, err)
	kind, data, ok := srv.MediaFile(media)
	require.True(t, ok)
	require.Equal(t, "image/jpeg", kind)
	require.Equal(t, "x", string(data))
}

// What a bot needs is in its environment, and the base URL has a path that a client must not lose.
func TestEnvironmentIsEnough(t *testing.T) {
	srv := wacloudtest.NewServer(t)
	for name, value := range srv.Env() {
		t.Setenv(name, value)
	}
	cfg, err := wacloud.ConfigFromEnv()
	require.NoError(t, err)
	require.Equal(t, srv.URL(), cfg.BaseURL)
	require.True(t, strings.HasSuffix(cfg.BaseURL, "/graph"))
	c, err := cfg.NewClient()
	require.NoError(t, err)
	_, err = c.Send(t.Context(), wacloud.Phone("+15550001234"), wacloud.NewText("hi"))
	require.NoError(t, err)
	require.Equal(t, wacloud.NewText("hi"), srv.Sent()[0].Message)
}

func TestRealTokensAreRefused(t *testing.T) {
	t.Parallel()
	srv := wacloudtest.NewServer(t)
	c, err := wacloud.NewClient(wacloudtest.PhoneNumberID, wacloud.NewSecret("EAAcanary"), wacloud.WithBaseURL(srv.URL()))
	require.NoError(t, err)
	_, err = c.Send(t.Context(), wacloud.Phone("+15550001234"), wacloud.NewText("hi"))
	require.ErrorIs(t, err, wacloud.ErrAuth)
	require.NotContains(t, err.Error(), "canary")
	require.Contains(t, err.Error(), "real access token")
}

func TestOutsideTheBasePathIsNothing(t *testing.T) {
	t.Parallel()
	srv := wacloudtest.NewServer(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		strings.TrimSuffix(srv.URL(), "/graph")+"/v23.0/"+wacloudtest.PhoneNumberID+"/messages", bytes.NewReader(nil))
	require.NoError(t, err)
	resp, err := srv.HTTPClient().Do(req)
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, resp.Body)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
}
