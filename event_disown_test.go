package wacloud

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDisownIsForGood(t *testing.T) {
	t.Parallel()
	for _, sample := range []string{"text", "status_read", "standby_echo_text", "value_errors", "account_alerts", "unknown_field"} {
		body, err := os.ReadFile("testdata/webhooks/" + sample + ".json")
		require.NoError(t, err)
		events, err := ParseWebhook(body)
		require.NoError(t, err)
		e := events[0]
		own := e.ID
		e.disown()
		again, err := ParseWebhook(e.Body())
		require.NoError(t, err)
		require.Len(t, again, 1)
		for _, e := range []Event{e, again[0]} {
			require.Equal(t, KindUnknown, e.Kind)
			require.NotEqual(t, own, e.ID, "the owner's event keeps its id")
			require.Nil(t, e.Message)
			require.Nil(t, e.Status)
			require.True(t, e.Chat().IsZero(), "nobody to answer")
			require.JSONEq(t, string(events[0].Raw), string(e.Raw))
		}
		require.Equal(t, e.ID, again[0].ID)
		require.Equal(t, e.Key(), again[0].Key())
	}
}

func TestVerifySignatureNamesTheSecret(t *testing.T) {
	t.Parallel()
	body := []byte("what do ya want for nothing?") // RFC 4231, test case 2
	const header = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
	right, wrong := NewSecret("Jefe"), NewSecret("other")
	for want, secrets := range [][]Secret{{right, wrong, right}, {wrong, right}, {wrong, wrong, right}} {
		got, err := verifySignature(body, header, secrets)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	got, err := verifySignature(body, header, []Secret{wrong})
	require.ErrorIs(t, err, ErrBadSignature)
	require.Equal(t, -1, got)
}
