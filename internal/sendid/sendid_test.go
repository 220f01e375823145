package sendid_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud/internal/sendid"
)

const id = "ABCDEFGHIJKLMNOPQRSTUVWX27"

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, data, id, own string }{
		{"with data", "~wa:" + id + ":order-7", id, "order-7"},
		{"without data", "~wa:" + id + ":", id, ""},
		{"data with our own form", "~wa:" + id + ":~wa:" + id + ":x", id, "~wa:" + id + ":x"},
		{"nothing", "", "", ""},
		{"data alone", "order-7", "", "order-7"},
		{"no colon", "~wa:" + id, "", "~wa:" + id},
		{"too short", "~wa:" + id[1:] + ":x", "", "~wa:" + id[1:] + ":x"},
		{"too long", "~wa:" + id + "A:x", "", "~wa:" + id + "A:x"},
		{"lower case", "~wa:" + strings.ToLower(id) + ":x", "", "~wa:" + strings.ToLower(id) + ":x"},
		{"a digit that base32 has not", "~wa:" + id[1:] + "1:x", "", "~wa:" + id[1:] + "1:x"},
		{"in the middle", " ~wa:" + id + ":x", "", " ~wa:" + id + ":x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			gotID, own := sendid.Split(tt.data)
			require.Equal(t, tt.id, gotID)
			require.Equal(t, tt.own, own)
		})
	}
}

func TestNewFits(t *testing.T) {
	t.Parallel()
	made := sendid.New()
	require.NotEqual(t, made, sendid.New())
	joined := sendid.Join(made, "é")
	require.Len(t, joined, sendid.Overhead+len("é"))
	got, own := sendid.Split(joined)
	require.Equal(t, made, got)
	require.Equal(t, "é", own)
}

func FuzzSplit(f *testing.F) {
	f.Add("~wa:" + id + ":x")
	f.Add("x")
	f.Fuzz(func(t *testing.T, data string) {
		id, own := sendid.Split(data)
		if id == "" {
			require.Equal(t, data, own)
			return
		}
		require.Equal(t, data, sendid.Join(id, own))
	})
}
