package wacloud_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// sameMessage compares what was decoded with what was encoded.
var sameMessage = cmp.Options{cmp.Comparer(func(a, b wacloud.Recipient) bool { return a == b }), cmpopts.EquateEmpty()}

func TestEncodeDecodeIsTheIdentity(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	kinds := map[string]int{}
	for range 5000 {
		o := wacloud.GenerateOutgoing(r)
		kinds[typeName(o.Message)]++
		require.Empty(t, errorsOf(o.Check()), "%#v", o.Message)
		body, err := wacloud.EncodeMessage(o)
		require.NoError(t, err)
		decoded, err := wacloud.DecodeMessage(body)
		require.NoError(t, err, "%s", body)
		require.Empty(t, cmp.Diff(o, *decoded, sameMessage))
		again, err := wacloud.EncodeMessage(*decoded)
		require.NoError(t, err)
		require.Equal(t, string(body), string(again))
	}
	require.Len(t, kinds, 30, "a kind that the generator never made")
}

// FuzzDecodeMessage: whatever decodes has a wire form, and that decodes to the same again.
func FuzzDecodeMessage(f *testing.F) {
	for _, pattern := range []string{"testdata/requests/*.json", "testdata/payloads/*.json"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			body, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(body)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		input := string(body)
		o, err := wacloud.DecodeMessage(body)
		if err != nil {
			require.ErrorIs(t, err, wacloud.ErrInvalid)
			require.NotEmpty(t, err.Error())
			return
		}
		clear(body) // the result must not share its memory
		wacloud.Check(o.Message)
		first, err := wacloud.EncodeMessage(*o)
		require.NoError(t, err, "%s", input)
		again, err := wacloud.DecodeMessage(first)
		require.NoError(t, err, "%s became %s", input, first)
		require.Empty(t, cmp.Diff(o, again, sameMessage), "%s", input)
		second, err := wacloud.EncodeMessage(*again)
		require.NoError(t, err)
		require.Equal(t, string(first), string(second))
	})
}

func errorsOf(problems []wacloud.Problem) (errs []wacloud.Problem) {
	for _, p := range problems {
		if p.Severity == wacloud.SeverityError {
			errs = append(errs, p)
		}
	}
	return errs
}

func typeName(m wacloud.Message) string { return reflect.TypeOf(m).Name() }
