package wacloud_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"gopkg.in/h2non/gock.v1"

	"github.com/wacloud/wacloud"
)

func TestSecretPrintsRedacted(t *testing.T) {
	t.Parallel()
	type config struct{ Token, absent wacloud.Secret }
	c := config{Token: wacloud.NewSecret("canary-token")}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		require.NotContains(t, fmt.Sprintf(verb, c), "canary-token", verb)
		require.NotContains(t, fmt.Sprintf(verb, &c), "canary-token", verb)
	}
	data, err := json.Marshal(c)
	require.NoError(t, err)
	if diff := cmp.Diff(`{"Token":"[redacted]"}`, string(data)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	require.Equal(t, "canary-token", c.Token.Reveal())
	require.True(t, c.absent.IsZero())
}

func TestSecretRefusesItsOwnPrint(t *testing.T) {
	t.Parallel()
	var s wacloud.Secret
	require.Error(t, s.UnmarshalText([]byte("[redacted]")))
	require.NoError(t, s.UnmarshalText([]byte("real")))
	require.Equal(t, "real", s.Reveal())
}

// gock replaces http.DefaultTransport, so this test cannot run in parallel.
func TestDefaultTransportIsIntercepted(t *testing.T) {
	t.Cleanup(gock.Off)
	gock.New("https://graph.example").Get("/x").Reply(http.StatusOK)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://graph.example/x", http.NoBody)
	require.NoError(t, err)
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.True(t, gock.IsDone())
}
