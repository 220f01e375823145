package wacloud_test

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// TestServeStopsOnSignals runs Serve in a process of its own, because a signal reaches all of a process.
func TestServeStopsOnSignals(t *testing.T) {
	t.Parallel()
	const child = "WACLOUD_TEST_SERVE"
	if os.Getenv(child) != "" {
		cfg := hookConfig(t, make(hookSink))
		cfg.Logger = slog.New(slog.NewTextHandler(os.Stdout, nil))
		require.NoError(t, wacloud.Serve(t.Context(), "127.0.0.1:0", hookNew(t, cfg)))
		fmt.Println("served")
		return
	}
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestServeStopsOnSignals$")
			cmd.Env = append(os.Environ(), child+"=1")
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			var lines []string
			for scanner := bufio.NewScanner(out); scanner.Scan(); {
				lines = append(lines, scanner.Text())
				if strings.Contains(scanner.Text(), "address=") {
					require.NoError(t, cmd.Process.Signal(sig))
				}
			}
			require.NoError(t, cmd.Wait(), strings.Join(lines, "\n"))
			require.Contains(t, lines, "served")
		})
	}
}
