package wacloud

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMemoryStoreSweeps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := NewMemoryStore()
		for i := range 10_000 {
			require.NoError(t, s.Put(t.Context(), fmt.Sprint("dies ", i), nil, time.Minute))
		}
		<-time.After(time.Hour)
		for i := range 10_000 {
			require.NoError(t, s.Put(t.Context(), fmt.Sprint("lives ", i), nil, 0))
		}
		require.Less(t, len(s.entries), 12_500, "the dead are removed by later writes")
		require.GreaterOrEqual(t, len(s.entries), 10_000)
	})
}
